import CurfewModel
import Foundation
import Glibc

/// sshd's log at `LogLevel VERBOSE`: who went in with which certificate.
struct AuthLog: Sendable {
    let path: String
    private var offset = 0
    private var inode: UInt64 = 0
    private var found: [UInt64: [Login]] = [:]
    /// The last login from each address and port, while nobody else came from there.
    private var latest: [String: Login] = [:]
    /// Most bytes of one look.
    private static let limit = 16 << 20
    /// Most logins kept of one grant.
    private static let most = 200

    init(path: String) { self.path = path }

    /// Reads on from where it was; a log that was rotated is read from its beginning, after what was left of the old one.
    /// `false` when it cannot be read.
    mutating func refresh() -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        if UInt64(status.st_ino) != inode {
            readRest(of: path + ".1")
            (inode, offset) = (UInt64(status.st_ino), 0)
        } else if Int(status.st_size) < offset {
            offset = 0
        }
        return read(file, size: Int(status.st_size))
    }

    /// What was logged between the last look and the rotation.
    private mutating func readRest(of old: String) {
        guard inode != 0 else { return }
        let file = open(old, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, UInt64(status.st_ino) == inode else { return }
        _ = read(file, size: Int(status.st_size))
    }

    private mutating func read(_ file: Int32, size: Int) -> Bool {
        var isCut = false
        if size - offset > Self.limit { (offset, isCut) = (size - Self.limit, true) }
        guard size > offset else { return true }
        var bytes = [UInt8](repeating: 0, count: size - offset)
        let count = pread(file, &bytes, bytes.count, off_t(offset))
        guard count >= 0 else { return false }
        guard let last = bytes[..<count].lastIndex(of: 10) else { return true }
        // The rest of a line whose beginning is not there could pretend to be anything.
        let first = isCut ? (bytes[...last].firstIndex(of: 10) ?? last) + 1 : 0
        if first <= last {
            for line in bytes[first...last].split(separator: 10) where line.count <= 8192 {
                if let line = LogLine(String(decoding: line, as: UTF8.self)) { take(line) }
            }
        }
        offset += last + 1
        return true
    }

    private mutating func take(_ line: LogLine) {
        switch line {
        case .connection(let endpoint): latest[endpoint] = nil
        case .login(let login):
            latest[login.endpoint] = login
            found[login.serial, default: []].append(login)
            if let count = found[login.serial]?.count, count > Self.most { found[login.serial]?.removeFirst(count - Self.most) }
        }
    }

    /// Logins by the certificate of one grant, at most 200.
    func logins(of id: GrantID) -> [Login] { (found[id.serial] ?? []).filter { $0.identity == "curfew:\(id)" } }

    /// Logins of these grants whose connection nobody else has taken since.
    func latest(of ids: [GrantID]) -> [GrantID: [Login]] {
        guard !latest.isEmpty else { return [:] }
        let serials = Dictionary(ids.map { ($0.serial, $0) }) { first, _ in first }
        var result: [GrantID: [Login]] = [:]
        for login in latest.values {
            guard let id = serials[login.serial], login.identity == "curfew:\(id)" else { continue }
            result[id, default: []].append(login)
        }
        return result
    }

    /// Forgets the logins of grants that are long over.
    mutating func forget(_ ids: [GrantID]) {
        let serials = Set(ids.map(\.serial))
        for serial in serials { found[serial] = nil }
        latest = latest.filter { !serials.contains($0.value.serial) }
    }
}
