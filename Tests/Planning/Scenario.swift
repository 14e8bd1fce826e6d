import CurfewModel
import CurfewPlanning
import Foundation

/// A scenario file: what is desired and observed, a line `---`, and the plan that must come out.
///
///     desired NAME key=value…     replicas, generation, runtime, dependsOn, health, bundle; any other key is a part
///     observed ID key=value…      generation, state (running, starting, exited:CODE), health, tampered, foreign; else a part
///     attribution NAME COMMIT AUTHOR
///     failed NAME GENERATION attempts=N next=SECONDS reason=TEXT
///     held BUNDLE keeps=NAME,NAME
///     unreachable RUNTIME REASON
///     limit NUMBER | allow-prune | only NAME,NAME
struct Scenario {
    struct Malformed: Error { let line: String }

    let name: String
    let expected: String
    private(set) var input: PlanInput
    private(set) var only: Set<Name>?

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scenarios").path

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".txt") }.sorted()
    }

    init(_ name: String) throws {
        self.name = name
        let text = try String(contentsOfFile: Scenario.folder + "/" + name, encoding: .utf8)
        let halves = text.components(separatedBy: "\n---\n")
        guard halves.count == 2 else { throw Malformed(line: "\(name) has no line ---") }
        expected = halves[1].trimmingCharacters(in: .newlines)
        guard let revision = ObjectID(String(repeating: "a", count: 40)) else { throw Malformed(line: name) }
        input = PlanInput(
            desired: DesiredState(revision: revision, workloads: [:]), observed: Observation(),
            now: Instant(milliseconds: 1_000_000))
        for line in halves[0].split(separator: "\n") where !line.hasPrefix("#") {
            guard read(line.split(separator: " ").map(String.init)) else { throw Malformed(line: "\(name): \(line)") }
        }
    }

    /// What the planner makes of it, written like the expectation.
    func run() -> String {
        let plan = only.map { Planner.plan(input, only: $0) } ?? Planner.plan(input)
        var lines: [String] = []
        for step in plan.steps {
            lines.append(step.explanation)
            lines += step.drift.map { drift in
                "  \(drift.kind.rawValue)\(drift.instance.map { " \($0)" } ?? ""): \(drift.detail)"
            }
            if !step.waitsFor.isEmpty { lines.append("  waits for \(step.waitsFor.map(\.rawValue).joined(separator: ", "))") }
        }
        lines += plan.holds.map { hold in
            "\(hold.explanation) [\(hold.reason.rawValue)\(hold.until.map { " until \(($0 - input.now))" } ?? "")]"
        }
        return lines.isEmpty ? "nothing to do" : lines.joined(separator: "\n")
    }

    private mutating func read(_ words: [String]) -> Bool {
        guard let verb = words.first else { return true }
        let subject = words.count > 1 ? words[1] : ""
        let pairs = Dictionary(words.dropFirst(2).compactMap(Scenario.pair)) { $1 }
        switch verb {
        case "desired": return desire(subject, pairs)
        case "observed": return observe(subject, pairs)
        case "attribution":
            guard let name = Name(subject), words.count > 3, let commit = ObjectID(padded(words[2], 40)) else { return false }
            let author = words[3...].joined(separator: " ").replacing("\\e", with: "\u{1B}").replacing("\\n", with: "\n")
            input.attributions[name] = Attribution(commit: commit, author: author, summary: "")
        case "failed":
            guard let name = Name(subject), words.count > 2, let generation = Generation(padded(words[2], 64)) else {
                return false
            }
            input.memory[name, default: WorkloadMemory()].failures[generation] = .init(
                reason: pairs["reason"] ?? "", at: input.now, attempts: Int(pairs["attempts"] ?? "") ?? 1,
                nextTry: input.now + .seconds(Int64(pairs["next"] ?? "") ?? 0))
        case "held":
            guard let bundle = Name(subject) else { return false }
            let keeps = (pairs["keeps"] ?? "").split(separator: ",").compactMap { Name(String($0)) }
            let mistake = Diagnostic(file: "manifests/\(bundle)/web.yaml", line: 3, column: 7, "unknown field")
            input.desired.held.append(HeldBundle(bundle: bundle, lastGood: nil, diagnostics: [mistake], keeps: keeps))
        case "unreachable":
            guard let name = Name(subject) else { return false }
            input.observed.unreachable[name] = words.dropFirst(2).joined(separator: " ")
        case "limit": input.pruneLimit = Double(subject) ?? .nan
        case "allow-prune": input.desired.allowsPrune = true
        case "only": only = Set(subject.split(separator: ",").compactMap { Name(String($0)) })
        default: return false
        }
        return true
    }

    private mutating func desire(_ subject: String, _ pairs: [String: String]) -> Bool {
        guard let name = Name(subject), let generation = Generation(padded(pairs["generation"] ?? "1", 64)),
            let runtime = Name(pairs["runtime"] ?? "local"), let bundle = Name(pairs["bundle"] ?? "default")
        else { return false }
        let known: Set = ["generation", "runtime", "bundle", "replicas", "dependsOn", "health"]
        let workload = Workload(
            name: name, runtime: runtime, replicas: Int(pairs["replicas"] ?? "") ?? 1, artifact: .none, command: ["run"],
            health: pairs["health"] == nil ? nil : HealthCheck(probe: .command(["true"])),
            dependsOn: (pairs["dependsOn"] ?? "").split(separator: ",").compactMap { Name(String($0)) })
        input.desired.workloads[name] = DesiredWorkload(
            workload: workload, generation: generation, parts: pairs.filter { !known.contains($0.key) }, bundle: bundle,
            revision: input.desired.revision)
        return true
    }

    private mutating func observe(_ subject: String, _ pairs: [String: String]) -> Bool {
        guard let id = InstanceID(subject), let name = Name(subject.split(separator: "-").first.map(String.init) ?? ""),
            let generation = Generation(padded(pairs["generation"] ?? "1", 64))
        else { return false }
        let known: Set = ["generation", "state", "health", "tampered", "foreign", "created"]
        var instance = ObservedInstance(
            id: id, workload: name, generation: generation, parts: pairs.filter { !known.contains($0.key) }, state: .running,
            createdAt: Instant(milliseconds: Int64(pairs["created"] ?? "") ?? 0), tampered: pairs["tampered"],
            foreign: pairs["foreign"])
        switch pairs["state"]?.split(separator: ":").map(String.init) ?? ["running"] {
        case ["running"]: instance.state = .running
        case ["starting"]: instance.state = .starting
        case let parts where parts.first == "exited": instance.state = .exited(code: parts.last.flatMap { Int32($0) })
        default: return false
        }
        switch pairs["health"] {
        case nil: break
        case "healthy": input.observed.health[id] = .healthy
        case "unknown": input.observed.health[id] = .unknown
        case let why?: input.observed.health[id] = .unhealthy(why)
        }
        input.observed.instances[name, default: []].append(instance)
        return true
    }

    private static func pair(_ word: String) -> (String, String)? {
        guard let split = word.firstIndex(of: "=") else { return nil }
        return (String(word[..<split]), String(word[word.index(after: split)...]).replacing("_", with: " "))
    }

    private func padded(_ text: String, _ count: Int) -> String {
        text + String(repeating: "0", count: max(0, count - text.count))
    }
}
