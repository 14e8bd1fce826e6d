import CurfewModel
import Foundation
@testable import CurfewSSHBackend

/// Lines of sshd's log (strangers choose names and addresses in it), certificates and revocation lists as ssh-keygen prints
/// them, and lines of principals.
enum SSHLogTarget {
    @Sendable static func run(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.split(separator: "\n").prefix(1000) {
            _ = LogLine(String(line))
            _ = PrincipalsFolder.isOurs(line)
        }
        var journal = JournalReader()
        for message in journal.take(Array(bytes)).prefix(1000) { _ = LogLine(message: message.text[...]) }
        _ = RevocationList.isMarked(Array(bytes))
        let list = RevocationList(printed: text, authority: "SHA256:uWWsb3FT4bMxMN1XwmgLLaIbSEr9uHrJLMFmqmx2fDE")
        expect(
            list.serials.count <= RevocationList.mostSerials + 10_000 + bytes.count / 8,
            "a revocation list that grew out of nothing")
        _ = RevocationHeader.version(of: Array(bytes))
        _ = HostBundle(files: ["krl": [], "hosts.json": Array(bytes)])
        _ = try? JSONDecoder().decode(IssuedCertificate.self, from: Data(bytes))
    }
}
