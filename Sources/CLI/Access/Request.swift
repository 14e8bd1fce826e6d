import ArgumentParser
import CurfewDesiredState
import CurfewGates
import CurfewGitSource
import CurfewModel
import Foundation

struct Request: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask for access: a signed commit on a branch of its own, to be merged.",
        discussion: """
            Writes grants/<name>.yaml, commits it with your key on request/<name> and pushes that. Your work tree stays as it is.
            Example: curfew request orders-debug --for 45m --reason "INC-4821: stuck migration"
            """)

    @OptionGroup var clone: CloneOptions
    @Argument(help: "The role.") var role: String
    @Option(name: .customLong("for"), help: "For how long: 45m, 1h30m.") var duration: Span
    @Option(name: .long, help: "Why. Policies may ask for a form, such as INC-123: …") var reason: String
    @Option(name: .long, help: "Not before this moment: 2026-11-23T18:00:00Z.") var start: String?
    @Flag(name: .long, help: "At once, without approval; everybody skipped is told, and a review has to follow.")
    var breakGlass = false
    @Option(name: .long, help: "Who you are, when git's user.email does not say it.") var `as`: String?
    @Option(name: .long, help: "The grant's name; the default is made of yours, the role and the time.") var name: String?

    func run() async throws {
        try await reporting {
            let clone = try await clone.open()
            let tip = try await clone.fetch()
            let view = try await PolicyView(clone, at: tip)
            let person = try await view.person(self.as)
            let role = try view.role(self.role)
            let grant = Grant(
                name: try grantName(person, role), person: person.name, role: role.name, duration: duration,
                reason: try plainReason(), notBefore: try start.map(Self.moment), breakGlass: breakGlass)
            let path = "grants/\(grant.name).yaml"
            let commit = try await clone.commit(
                .write(GrantWriter.yaml(grant)), at: path, on: tip,
                message: "Request \(role.name) for \(person.name)\n\n\(grant.reason)\n")
            try await clone.push(commit, to: "request/\(grant.name)")
            tell(grant, view, commit)
        }
    }

    private func tell(_ grant: Grant, _ view: PolicyView, _ commit: ObjectID) {
        Terminal.out("pushed \(commit.short) to request/\(grant.name)")
        let choices = AccessQuery.whoCan(grant.role, in: view.policies.set).filter { $0.person == grant.person }
        guard let choice = choices.first else {
            Terminal.error("warning: no policy lets \(grant.person) have \(grant.role); a merge would be refused and reverted")
            return
        }
        Terminal.out("policy \(choice.policy): at most \(choice.maxDuration)")
        if grant.breakGlass {
            Terminal.out("break-glass: merge it and it is active; ask for the review at once")
        } else if choice.approvals == 0 {
            Terminal.out("no approval is needed: merge request/\(grant.name) into \(clone.branch)")
        } else {
            let others = choice.from.filter { $0 != grant.person }.map(\.rawValue).joined(separator: ", ")
            Terminal.out("needs \(choice.approvals) of: \(others)")
            Terminal.out("they run: curfew approve \(grant.name), or merge request/\(grant.name) with a signed merge commit")
        }
    }

    private func grantName(_ person: Person, _ role: Role) throws -> Name {
        if let name {
            guard let name = Name(name) else { throw ValidationError("--name has to be a DNS label: a-z, 0-9 and '-'") }
            return name
        }
        let stamp = String(Int(Date().timeIntervalSince1970), radix: 36)
        return Name("\(person.name)-\(role.name)".prefix(63 - stamp.count - 1) + "-\(stamp)") ?? person.name
    }

    private func plainReason() throws -> String {
        guard !reason.isEmpty, reason.utf8.count <= 512, reason == reason.escapingControls else {
            throw ValidationError("--reason has to be one line of 1 to 512 bytes without control characters")
        }
        return reason
    }

    static func moment(_ text: String) throws -> Instant {
        let format = ISO8601DateFormatter()
        guard let date = format.date(from: text) else {
            throw ValidationError("'\(text.escapingControls)' is no moment such as 2026-11-23T18:00:00Z")
        }
        return Instant(milliseconds: Int64(date.timeIntervalSince1970) * 1000)
    }
}
