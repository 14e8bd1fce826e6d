public import CurfewJournal
import CurfewModel
public import CurfewViews

extension Console {
    /// One workload: how it stands, what is done about it, and the commands that change it.
    /// - Parameters:
    ///   - events: its newest events, newest first.
    ///   - logs: its last lines, `nil` when they cannot be read, for the reason given.
    public static func workload(
        _ workload: WorkloadView, status: StatusView, plan: PlanView, events: [JournalEvent], logs: String?, logsProblem: String
    ) -> Page {
        let live = status.grants.filter { $0.state == "active" && $0.touches.contains(workload.name) }
        let fields: Fields = [
            "revision": shown(workload.revision), "revisionShort": workload.revision.map(Words.short) ?? "",
            "plan": banner(of: workload, plan) ?? false, "hasInstances": !workload.instances.isEmpty,
            "instances": workload.instances.map { instance(of: workload, $0) }, "hasGrants": !live.isEmpty,
            "grants": live.map {
                ["name": $0.name, "person": $0.person ?? "", "role": $0.role ?? "", "state": $0.state] as Fields
            },
            "commands": commands(for: workload, status.source.branch), "hasLogs": logs.map { !$0.isEmpty } ?? false,
            "logs": logs ?? "", "logsProblem": logs == nil ? logsProblem : "Nothing was written yet.",
        ]
        let all = fields.merging(WorkloadRow.fields(of: workload)) { $1 }.merging(EventTable.fields(of: events)) { $1 }
        return Page(title: workload.name, content: Templates.fill("workload", all))
    }

    private static func banner(of workload: WorkloadView, _ plan: PlanView) -> Fields? {
        if let hold = plan.holds.first(where: { $0.workload == workload.name }) {
            let until = hold.until.map { "Looked at again at \(Words.moment($0))." }
            return ["tone": "busy", "title": "Held", "text": hold.explanation, "action": shown(until)]
        }
        guard let step = plan.steps.first(where: { $0.workload == workload.name }) else { return nil }
        let waits = step.waitsFor.isEmpty ? nil : "Waits for \(Words.list(step.waitsFor, empty: ""))."
        return ["tone": "calm", "title": "Plan: \(step.kind)", "text": step.explanation, "action": shown(waits)]
    }

    private static func instance(of workload: WorkloadView, _ instance: InstanceView) -> Fields {
        let tone = ["ok": "healthy", "wait": "starting", "bad": "unhealthy"][WorkloadRow.tone(of: instance)] ?? ""
        let places =
            instance.endpoints.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            + (instance.place.map { ["on \($0)"] } ?? [])
        return [
            "id": instance.id, "state": instance.state, "health": instance.health, "tone": tone,
            "generation": Words.generation(instance.generation), "isOld": instance.generation != workload.generation,
            "where": places.joined(separator: ", "),
        ]
    }

    private static func commands(for workload: WorkloadView, _ branch: String) -> [Fields] {
        var commands: [Fields] = [
            command(
                "Change it: edit its manifest, and merge.",
                "git switch -c change-\(workload.name) \(Shell.word(branch))\n$EDITOR manifests/\ngit commit -am 'Change \(workload.name)'\ngit push -u origin change-\(workload.name)"
            )
        ]
        if let change = workload.change {
            commands.append(
                command(
                    "Roll back: revert the commit that brought this generation.",
                    "git switch \(Shell.word(branch)) && git pull\ngit revert \(change.commit)\ngit push"))
        }
        commands.append(
            command(
                "At once, also while Git is away; the revert is written to Git for you.", "curfew rollback \(workload.name)"))
        return commands
    }

    static func command(_ about: String, _ text: String) -> Fields { ["about": about, "text": text] }
}

/// Words that somebody will paste into a shell.
enum Shell {
    /// In single quotes where it has to be.
    static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "-_./@:".utf8.contains(byte)
            }
        return isPlain && !text.hasPrefix("-")
            ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
