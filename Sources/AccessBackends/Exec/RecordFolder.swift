import CurfewModel
import Foundation
import Glibc

/// The records in place, a JSON file each. The folder is the truth: nothing is remembered beside it.
struct RecordFolder: Sendable {
    /// A file of the folder.
    enum Finding {
        case missing
        case ours(ExecRecord)
        /// It lets nobody in, and why it is not a record.
        case other(String)
    }
    let path: String

    func file(_ id: GrantID) -> String { "\(path)/\(id).json" }

    func read(_ name: String) -> Finding {
        let (bytes, problem) = Files.read("\(path)/\(name)")
        if let problem { return .other(problem) }
        guard let bytes else { return .missing }
        guard let record = try? JSONDecoder().decode(ExecRecord.self, from: bytes) else {
            return .other("it is not as Curfew writes it")
        }
        guard name == "\(record.grant).json" else { return .other("it is a copy of \(record.grant)'s") }
        return .ours(record)
    }

    /// The record of a grant; `nil` when there is none, or another grant's whose id begins alike.
    func read(_ id: GrantID) -> ExecRecord? {
        guard case .ours(let record) = read("\(id).json"), record.grant == id else { return nil }
        return record
    }

    func write(_ record: ExecRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try Files.makeFolder(path)
        try Files.write(try encoder.encode(record), to: file(record.grant))
    }

    /// Removes the record of a grant; one of another grant whose id begins alike stays. Not yet on disk when this returns.
    func remove(_ id: GrantID) throws {
        if case .ours(let record) = read("\(id).json"), record.grant != id { return }
        guard unlink(file(id)) == 0 || errno == ENOENT else { throw Files.failure("remove", file(id)) }
    }

    /// Names of files; what a kill has left half written is not among them.
    func names() -> [String]? { Files.names(in: path)?.filter { $0 != UseFolder.name && !$0.hasSuffix("~") } }

    func all() -> [ExecRecord] {
        (names() ?? []).compactMap { if case .ours(let record) = read($0) { record } else { nil } }
    }
}
