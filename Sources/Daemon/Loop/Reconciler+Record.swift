import CurfewJournal
import CurfewModel
import CurfewRollout
import Foundation

extension Reconciler {
    /// Writes to the audit trail. A journal that cannot be written is a problem that is shown; it stops nothing else.
    func record(
        _ kind: String, workload: Name? = nil, revision: ObjectID? = nil, _ message: String, _ details: [String: String] = [:]
    ) async {
        do {
            try await parts.journal.append(
                JournalEvent(
                    sequence: 0, at: parts.clock.now, kind: kind, workload: workload, revision: revision, message: message,
                    details: details))
            problems["journal"] = nil
        } catch {
            problems["journal"] = "the journal cannot be written: \(error)"
        }
    }

    /// Shows a problem until it is cleared, and records it once for each different text.
    func report(_ key: String, _ text: String) async {
        guard problems[key] != text else { return }
        problems[key] = text
        await record("problem", text, ["about": key])
    }

    func clear(_ key: String) { problems[key] = nil }

    func noteUnreachable() {
        for key in problems.keys where key.hasPrefix("runtime/") { problems[key] = nil }
        for (name, reason) in observation.unreachable {
            problems["runtime/\(name)"] = "runtime \(name) does not answer: \(reason)"
        }
    }

    /// Explanations of steps and holds, each recorded when it is new.
    func recordPlan(_ names: Set<Name>) async {
        for name in names.sorted() {
            let text = steps[name]?.explanation ?? holds[name]?.explanation
            guard text != explained[name] else { continue }
            explained[name] = text
            if let step = steps[name] {
                for drift in step.drift { parts.telemetry.drift(drift.kind.rawValue) }
                await record("plan.\(step.kind.rawValue)", workload: name, revision: desired?.revision, step.explanation)
            } else if let hold = holds[name] {
                await record(
                    "plan.hold", workload: name, revision: desired?.revision, hold.explanation, ["reason": hold.reason.rawValue]
                )
            }
        }
    }

    func recordPhase(of name: Name, _ phase: Phase) async {
        guard let before = views[name]?.phase else { return }
        if phase == .converged, before != .converged {
            let count = desired?.workloads[name]?.workload.replicas ?? 0
            await record(
                "rollout.finished", workload: name, revision: desired?.workloads[name]?.revision,
                desired?.workloads[name].map { "\(name) runs generation \($0.generation.short), \(count) of \(count) ready" }
                    ?? "\(name) is gone")
        }
    }

    func recordSource(from old: BranchFollower.State, to new: BranchFollower.State) async {
        if let problem = new.problem, old.problem == nil { await record("source.unreachable", problem) }
        if new.problem == nil, old.problem != nil { await record("source.reachable", "the repository answers again") }
        if let held = new.held, held != old.held { await record("source.held", revision: new.tip, held) }
    }

    /// Remembers what was decided before anything is done about it.
    func remember(_ decisions: [(Name, RolloutDecision)]) async {
        var facts: [String: Data?] = [:]
        for (name, decision) in decisions where memory[name] != decision.memory {
            memory[name] = decision.memory
            facts["memory/\(name)"] = .some(FactCoder().encode(decision.memory))
        }
        guard !facts.isEmpty else { return }
        do {
            try await parts.journal.setFacts(facts)
        } catch {
            problems["journal"] = "what is remembered cannot be written: \(error)"
        }
    }

    /// Notices a state database that was deleted or replaced under us.
    func watchJournal() async {
        do {
            _ = try await parts.journal.reopenIfReplaced()
        } catch {
            problems["journal"] = "the journal cannot be opened: \(error)"
        }
    }
}
