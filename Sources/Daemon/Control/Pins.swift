public import CurfewModel
import Foundation
import Glibc

/// A workload that an operator rolled back on this machine, ahead of Git: it runs as it stood at an older revision
/// until the branch no longer asks for the bad generation.
public struct Pin: Sendable, Codable, Hashable {
    /// The workload.
    public var workload: Name
    /// Its bundle.
    public var bundle: Name
    /// The generation that must not run.
    public var bad: Generation
    /// The revision that it runs as at.
    public var revision: ObjectID
    /// Who asked.
    public var by: String
    /// When.
    public var at: Instant

    /// Makes a pin.
    public init(workload: Name, bundle: Name, bad: Generation, revision: ObjectID, by: String, at: Instant) {
        (self.workload, self.bundle, self.bad, self.revision, self.by, self.at) = (workload, bundle, bad, revision, by, at)
    }
}

/// The files in `control/`: what operators asked for.
public struct Controls: Sendable {
    let state: StateFolder

    /// The controls of a state folder.
    public init(_ state: StateFolder) { self.state = state }

    /// Who paused Curfew, `nil` when it is not paused.
    public var pausedBy: String? {
        guard access(state.paused, F_OK) == 0 else { return nil }
        let data = FileManager.default.contents(atPath: state.paused) ?? Data()
        return String(decoding: data.prefix(500), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Pauses; `by` is shown in the status.
    public func pause(by: String) throws { try writeState(Data(by.utf8), to: state.paused) }

    /// Goes on; nothing happens when it was not paused.
    public func resume() throws {
        guard unlink(state.paused) == 0 || errno == ENOENT else {
            throw DaemonError(.storage, operation: "resume", subject: state.paused, reason(errno))
        }
    }

    /// Asks for what is set aside under this name to be tried again.
    public func release(_ name: String) throws {
        guard !name.isEmpty, name.utf8.count <= 120, !name.contains("\0") else {
            throw DaemonError(.refused, operation: "retry", subject: String(name.prefix(120)), "a name has 1 to 120 bytes")
        }
        let file = name.utf8.map { String(format: "%02x", $0) }.joined()
        try writeState(Data(name.utf8), to: "\(state.control)/retry-\(file)")
    }

    /// What was asked for by ``release(_:)`` since the last time.
    func takeReleases() -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: state.control)) ?? []
        return files.filter { $0.hasPrefix("retry-") && !$0.contains(".tmp-") }.compactMap { file in
            let path = "\(state.control)/\(file)"
            defer { unlink(path) }
            guard let data = FileManager.default.contents(atPath: path), data.count <= 120 else { return nil }
            return String(decoding: data, as: UTF8.self)
        }
    }

    /// The pins by workload.
    public func pins() -> [Name: Pin] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: state.pins)) ?? []
        let pins = names.compactMap { name -> Pin? in
            guard name.hasSuffix(".json"), let data = FileManager.default.contents(atPath: "\(state.pins)/\(name)") else {
                return nil
            }
            return try? JSONDecoder().decode(Pin.self, from: data)
        }
        return Dictionary(pins.map { ($0.workload, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Adds or replaces a pin.
    public func pin(_ pin: Pin) throws {
        try writeState(try JSONEncoder().encode(pin), to: "\(state.pins)/\(pin.workload).json")
    }

    /// Removes a pin.
    public func unpin(_ workload: Name) { unlink("\(state.pins)/\(workload).json") }
}
