import Crypto
import Foundation
import Glibc
import Synchronization

/// Bearer tokens from a file: lines `NAME ROLE sha256:HEX`, `#` begins a comment. Only hashes are kept, so that the file is
/// worth nothing to whoever reads it; tokens are 256 random bits, so a fast hash is enough.
///
/// The file is read again when it changed. While it cannot be read, is malformed, or others may write it, no token is good.
public final class TokenFile: Sendable {
    struct Entry: Sendable {
        var name: String
        var role: Caller.Role
        var digest: [UInt8]
    }
    private struct Stamp: Equatable {
        var inode: ino_t
        var size: off_t
        var seconds: Int
        var nanoseconds: Int
        var mode: mode_t
    }
    private struct State {
        var stamp: Stamp?
        var entries: [Entry] = []
        var problem: String?
    }
    /// Largest file in bytes.
    static let maxSize = 1 << 20
    private let path: String
    private let state = Mutex(State())

    /// Names the file; it is read when somebody asks.
    public init(path: String) { self.path = path }

    /// Why no token is good just now.
    var problem: String? {
        state.withLock { state in
            refresh(&state)
            return state.problem
        }
    }

    /// Whose token this is.
    func caller(of token: String) -> Caller? { caller(ofDigest: Array(SHA256.hash(data: Data(token.utf8)))) }

    /// The same by the token's SHA-256. Compares with every line, each in constant time.
    func caller(ofDigest digest: [UInt8]) -> Caller? {
        state.withLock { state in
            refresh(&state)
            var found: Entry?
            for entry in state.entries where constantTimeEqual(entry.digest, digest) { found = entry }
            return found.map { Caller(name: "token \($0.name)", role: $0.role, isExplicit: true) }
        }
    }

    private func refresh(_ state: inout State) {
        var info = stat()
        guard stat(path, &info) == 0 else {
            state = State(problem: "the file of tokens cannot be read: \(String(cString: strerror(errno)))")
            return
        }
        let stamp = Stamp(
            inode: info.st_ino, size: info.st_size, seconds: info.st_mtim.tv_sec, nanoseconds: info.st_mtim.tv_nsec,
            mode: info.st_mode)
        if stamp == state.stamp { return }
        state = State(stamp: stamp)
        guard info.st_mode & S_IFMT == S_IFREG, info.st_size <= Self.maxSize else {
            state.problem = "the file of tokens has to be a file of at most 1 MiB"
            return
        }
        // Whoever may write it is an operator; whoever may read it learns hashes of random bits.
        guard info.st_mode & 0o022 == 0, info.st_uid == geteuid() || info.st_uid == 0 else {
            state.problem = "the file of tokens can be written by others; run: chmod 600"
            return
        }
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
            state.problem = "the file of tokens cannot be read, or is no UTF-8"
            return
        }
        switch Self.parse(text) {
        case .success(let entries): state.entries = entries
        case .failure(let problem): state.problem = problem.text
        }
    }

    struct Mistake: Error { var text: String }

    static func parse(_ text: String) -> Result<[Entry], Mistake> {
        var entries: [Entry] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
            if words.isEmpty { continue }
            guard words.count == 3, let role = Caller.Role(rawValue: String(words[1])), words[2].hasPrefix("sha256:"),
                let digest = bytes(words[2].dropFirst(7)), digest.count == 32, isName(words[0])
            else {
                return .failure(Mistake(text: "line \(index + 1) of the file of tokens is not NAME viewer|operator sha256:HEX"))
            }
            entries.append(Entry(name: String(words[0]), role: role, digest: digest))
        }
        return .success(entries)
    }

    /// 1 to 64 of letters, digits and `.-_@`.
    public static func isName(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || ".-_@".unicodeScalars.contains($0))
            }
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count % 2 == 0 else { return nil }
        let digits = text.compactMap { $0.isASCII ? $0.hexDigitValue : nil }
        guard digits.count == text.count else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// Whether both are equal, in a time that depends on their lengths alone.
func constantTimeEqual(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
}
