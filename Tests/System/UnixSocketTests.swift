import CurfewSystem
import CurfewTestSupport
import Foundation
import Glibc
import Testing

/// A socket is put where nothing else lies, with the mode that it keeps.
@Suite struct UnixSocketTests {
    @Test func onlyAStaleSocketOfOurOwnIsReplaced() throws {
        let scratch = try Scratch("socket")
        let path = scratch.file("s.sock")
        let first = try UnixSocket.listen(path, mode: 0o600)
        var info = stat()
        #expect(lstat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
        // Somebody listens.
        #expect(throws: SystemError.self) { try UnixSocket.listen(path, mode: 0o600) }
        close(first)
        let second = try UnixSocket.listen(path, mode: 0o666)
        #expect(lstat(path, &info) == 0 && info.st_mode & 0o777 == 0o666)
        close(second)
        if geteuid() == 0 {
            #expect(chown(path, 65534, 65534) == 0)
            #expect(throws: SystemError.self) { try UnixSocket.listen(path, mode: 0o600) }
        }
        for (name, make) in [
            ("file", { close(creat($0, 0o600)) }), ("link", { symlink(path, $0) }), ("pipe", { mkfifo($0, 0o600) }),
            ("folder", { mkdir($0, 0o700) }),
        ] as [(String, (String) -> Int32)] {
            let odd = scratch.file(name)
            #expect(make(odd) == 0)
            #expect(throws: SystemError.self) { try UnixSocket.listen(odd, mode: 0o600) }
            #expect(lstat(odd, &info) == 0, "\(name) was removed")
        }
        for path in ["", String(repeating: "x", count: 108), "a\0b"] {
            #expect(throws: SystemError.self) { try UnixSocket.listen(path, mode: 0o600) }
        }
    }
}
