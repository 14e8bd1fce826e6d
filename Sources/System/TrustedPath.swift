import Glibc

/// Whether nobody but root can change what lies at a path: the file, its folders up to `/`, and every symbolic link on the way.
public enum TrustedPath {
    /// What is trusted there.
    public enum Kind: Sendable {
        /// A file that can be run.
        case program
        /// A file that is read.
        case file
    }

    /// Why it is not to be trusted, with the path and what to do; `nil` when it is.
    public static func problem(_ path: String, as kind: Kind) -> String? {
        guard path.hasPrefix("/"), !path.utf8.contains(0), path.utf8.count <= 4096 else {
            return "'\(path)' is no absolute path"
        }
        var links = 0
        return walk("/", path.split(separator: "/").map(String.init), kind, &links)
    }

    private static func walk(_ start: String, _ parts: [String], _ kind: Kind, _ links: inout Int) -> String? {
        var folder = start
        if let problem = folderProblem(folder) { return problem }
        for (index, part) in parts.enumerated() {
            if part == "." { continue }
            if part == ".." {
                folder = parent(of: folder)
                continue
            }
            let here = folder == "/" ? "/\(part)" : "\(folder)/\(part)"
            var status = stat()
            guard lstat(here, &status) == 0 else {
                return errno == ENOENT || errno == ENOTDIR
                    ? "\(here) does not exist; install it, or name another"
                    : "\(here) cannot be examined: \(String(cString: strerror(errno)))"
            }
            if status.st_mode & S_IFMT == S_IFLNK {
                guard status.st_uid == 0 else { return notRoots(here) }
                links += 1
                guard links <= 40, let target = target(of: here) else { return "\(here) is a link that leads nowhere" }
                let rest = target.split(separator: "/").map(String.init) + parts[(index + 1)...]
                return walk(target.hasPrefix("/") ? "/" : folder, rest, kind, &links)
            }
            if index == parts.count - 1 { return fileProblem(here, status, kind) }
            if let problem = folderProblem(here) { return problem }
            folder = here
        }
        return "\(folder) is a folder; name a file in it"
    }

    private static func folderProblem(_ path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return "\(path) is no folder" }
        guard status.st_uid == 0 else { return notRoots(path) }
        // In a sticky folder nobody can replace a file of root's.
        return status.st_mode & S_ISVTX != 0 ? nil : writeProblem(path, status)
    }

    private static func fileProblem(_ path: String, _ status: stat, _ kind: Kind) -> String? {
        guard status.st_mode & S_IFMT == S_IFREG else { return "\(path) is no plain file" }
        guard status.st_uid == 0 else { return notRoots(path) }
        if kind == .program, status.st_mode & 0o111 == 0 { return "\(path) cannot be run; set its permissions with chmod 755" }
        return writeProblem(path, status)
    }

    private static func notRoots(_ path: String) -> String {
        "\(path) does not belong to root, so that its owner can replace it; run chown root:root \(path)"
    }

    private static func writeProblem(_ path: String, _ status: stat) -> String? {
        if status.st_mode & 0o002 != 0 { return "\(path) may be written by everybody; run chmod o-w \(path)" }
        if status.st_mode & 0o020 != 0, status.st_gid != 0 {
            return "\(path) may be written by a group other than root's; run chmod g-w \(path)"
        }
        return nil
    }

    private static func parent(of folder: String) -> String {
        guard let slash = folder.lastIndex(of: "/"), slash != folder.startIndex else { return "/" }
        return String(folder[..<slash])
    }

    private static func target(of link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = readlink(link, &buffer, 4096)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
