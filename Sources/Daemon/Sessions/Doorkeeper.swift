import CurfewExecBackend
import CurfewModel

/// Why somebody is not let in.
struct EntryRefusal: Error, Sendable {
    var reason = ExecEnd.Reason.refused
    /// For the person. Before they have shown who they are, it is the same whatever is wrong.
    var message: String
    /// For the journal.
    var detail: String
    /// Who it is, once they have shown it.
    var person: Name?

    /// For somebody who has not shown that a grant is theirs.
    static func stranger(_ detail: String) -> EntryRefusal {
        EntryRefusal(message: Self.strangersAnswer, detail: detail)
    }

    static let strangersAnswer =
        "no live grant of this name lets this key in; `curfew grants` shows the grants, --key names another key"
}

/// Decides who is let in where. Asks OpenSSH for the signature and the backends for the grant; changes nothing.
struct Doorkeeper: Sendable {
    /// Somebody who may go in.
    struct Admission: Sendable {
        var backend: ExecBackend
        var record: ExecRecord
        var workload: Name
    }
    let backends: [ExecBackend]
    let proof: KeyProof
    let now: @Sendable () -> Instant

    /// - Throws: ``EntryRefusal``.
    func admit(_ request: ExecRequest, challenge: String) async throws(EntryRefusal) -> Admission {
        if let problem = request.problem { throw EntryRefusal(message: problem, detail: "malformed: \(problem)") }
        guard let grant = Name(request.grant), let workload = Name(request.workload), let key = SSHPublicKey(request.key) else {
            throw .stranger("malformed")
        }
        // First of all, and whatever is asked for: how long the answer takes tells nobody which grants there are.
        let text = request.signedText(challenge: challenge)
        let isSigned: Bool
        do {
            isSigned = try await proof.holds(request.signature, by: key, of: text, for: ExecRequest.namespace)
        } catch {
            throw EntryRefusal(
                reason: .failed, message: "the signature cannot be checked just now; try again", detail: "\(error)")
        }
        var found: [(ExecBackend, ExecRecord)] = []
        for backend in backends {
            for record in await backend.records(named: grant) { found.append((backend, record)) }
        }
        guard isSigned else { throw .stranger("the signature is not of this request by this key") }
        guard !found.isEmpty else { throw .stranger("there is no live grant of this name") }
        let theirs = found.filter { $0.1.keys.contains(key) }
        guard !theirs.isEmpty else { throw .stranger("the key is none of \(found[0].1.person)'s login keys") }
        let moment = now()
        let live = theirs.filter { $0.1.isLive(at: moment) }
        guard let first = live.first else { throw .stranger("the grant has ended") }
        let person = first.1.person
        let matching = live.filter { $0.1.workloads.contains(workload) }
        guard !matching.isEmpty else {
            let known = Set(live.flatMap(\.1.workloads)).sorted().map(\.rawValue).joined(separator: ", ")
            throw EntryRefusal(
                message: "grant \(grant) does not reach into \(workload); it reaches into: \(known)",
                detail: "the grant does not reach into the workload", person: person)
        }
        guard let (backend, record) = matching.first(where: { $0.1.allows(request.command) }) else {
            let known = Set(matching.flatMap { $0.1.commands ?? [] }.map { $0.joined(separator: " ") }).sorted()
            throw EntryRefusal(
                message: "grant \(grant) does not allow this command; it allows: \(known.joined(separator: ", "))",
                detail: "the grant does not allow the command", person: person)
        }
        return Admission(backend: backend, record: record, workload: workload)
    }
}
