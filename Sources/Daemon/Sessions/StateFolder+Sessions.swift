import CurfewModel
import Foundation
import Glibc

extension StateFolder {
    /// Where `curfew exec` knocks. Everybody may: the key is what opens.
    public var execSocket: String { path + "/exec.sock" }
    /// One asciicast for each session, `<id>.cast`; `<id>.cast.part` while it goes on.
    public var recordings: String { path + "/recordings" }
    /// What ssh-keygen reads while a signature is checked.
    var proofs: String { path + "/access/.proofs" }

    /// Longest path that every system's Unix sockets take, in bytes.
    static let longestSocketPath = 100

    /// Makes the folders of sessions, for this account alone.
    func createForSessions() throws {
        for folder in [recordings, proofs] {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch { throw DaemonError(.storage, operation: "make folder", subject: folder, error.localizedDescription) }
            guard chmod(folder, 0o700) == 0 else {
                throw DaemonError(.storage, operation: "make folder", subject: folder, reason(errno))
            }
        }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: proofs)) ?? [] { unlink(proofs + "/" + name) }
        guard execSocket.utf8.count <= Self.longestSocketPath else {
            throw DaemonError(
                .refused, operation: "listen on", subject: execSocket,
                "a socket's path has at most \(Self.longestSocketPath) bytes; choose a shorter `state:`")
        }
    }
}
