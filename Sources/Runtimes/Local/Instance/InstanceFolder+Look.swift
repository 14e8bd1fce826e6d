import CurfewModel

/// What is found in an instance's folder.
struct InstanceSight: Sendable {
    /// The folder's name.
    var name: String
    /// The record, `nil` when it cannot be read.
    var record: InstanceRecord?
    /// Why it is not ours.
    var foreign: String?
    /// What was changed.
    var tampered: String?
    /// What its process does.
    var state: ObservedInstance.State
    /// Bubblewrap's outer process.
    var mark: ProcessMark?
    /// Nothing of it was ever started.
    var neverStarted = false
}

extension InstanceFolder {
    /// Looks at everything in the folder but the store. Never throws: what is not understood is told.
    func look(name: String) -> InstanceSight {
        guard Files.isFolder(path) else {
            return InstanceSight(
                name: name, foreign: "it is not a folder; remove it or leave it to Curfew", state: .exited(code: nil))
        }
        let (state, supervisorGone) = processState()
        var sight = InstanceSight(name: name, state: state, mark: mark)
        if supervisorGone { sight.tampered = "its supervisor was ended from outside" }
        sight.neverStarted = state == .exited(code: nil) && sight.mark == nil
        do {
            guard let bytes = try Files.read(record, limit: 1 << 20) else {
                sight.foreign = "it has no record"
                return sight
            }
            let (record, intact) = try InstanceRecord.decoded(bytes)
            guard record.version == 1 else {
                sight.foreign = "its record has version \(record.version), this program knows version 1"
                return sight
            }
            guard record.id.rawValue == name else {
                sight.foreign = "its record is that of \(record.id)"
                return sight
            }
            sight.record = record
            if !intact { sight.tampered = "record.json was changed" }
        } catch {
            sight.foreign = "its record cannot be read"
        }
        return sight
    }

    /// The state of its processes, and whether the outer one is gone while the sandbox lives.
    private func processState() -> (ObservedInstance.State, Bool) {
        if let code = reported("exit-code") { return (.exited(code: code), false) }
        guard isHeld else {
            // Asked in this order: the code may have been written between the two questions.
            return (.exited(code: reported("exit-code")), false)
        }
        guard let mark else { return (.starting, false) }
        if ProcessTable.isAlive(mark) { return (.running, false) }
        if let code = reported("exit-code") { return (.exited(code: code), false) }
        return isHeld ? (.running, true) : (.exited(code: nil), false)
    }
}

extension InstanceSight {
    /// What the runtime reports for it.
    func observed() -> ObservedInstance {
        if let record {
            return ObservedInstance(
                id: record.id, workload: record.workload, generation: record.generation, parts: record.parts,
                revision: record.revision, state: state, createdAt: record.createdAt, endpoints: record.endpoints,
                tampered: tampered, foreign: foreign, health: record.health)
        }
        let id = InstanceSight.id(forFolder: name)
        return ObservedInstance(
            id: id, workload: InstanceSight.workload(ofFolder: name), generation: .unknown, state: state,
            createdAt: Instant(milliseconds: 0), tampered: tampered, foreign: foreign ?? "it has no record")
    }

    /// The id under which a folder is reported; folders whose names are no ids get one made from their bytes.
    static func id(forFolder name: String) -> InstanceID {
        if let id = InstanceID(name) { return id }
        let sum = name.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return InstanceID(workload: Name(literal: "foreign"), generation: .unknown, suffix: sum)
    }

    /// The workload whose mark a folder's name wears: what stands before the generation and the suffix.
    private static func workload(ofFolder name: String) -> Name {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 3, let workload = Name(parts.dropLast(2).joined(separator: "-")) else {
            return Name(literal: "foreign")
        }
        return workload
    }
}
