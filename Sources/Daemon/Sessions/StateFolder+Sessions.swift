import CurfewModel
import Foundation
import Glibc

extension StateFolder {
    /// Where `curfew exec` knocks. Everybody may: the key is what opens.
    public var execSocket: String { path + "/exec.sock" }
    /// One asciicast for each session, `<id>.cast`; `<id>.cast.part` while it goes on.
    public var recordings: String { path + "/recordings" }
    /// Longest path that every system's Unix sockets take, in bytes.
    static let longestSocketPath = 100

    /// Makes the folder of recordings, for this account alone, and the way to the socket.
    func createForSessions() throws {
        try Self.makeFolder(recordings, mode: 0o700)
        // Whoever wants to be let in passes through to the socket; everything else in here is closed by itself.
        try Self.makeFolder(path, mode: 0o711)
        guard execSocket.utf8.count <= Self.longestSocketPath else {
            throw DaemonError(
                .refused, operation: "listen on", subject: execSocket,
                "a socket's path has at most \(Self.longestSocketPath) bytes; choose a shorter `state:`")
        }
    }
}
