import Foundation

/// What a downloaded file is, by the end of its address.
enum ArchiveFormat: Sendable, Hashable {
    case tar
    case tarGzip
    case zip
    /// Not an archive: placed as it is, under this name.
    case file(String)

    /// The format of what `url` names; `nil` when it is no archive and its last component is no plain file name.
    init?(url: String) {
        let withoutQuery = url.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = withoutQuery.range(of: "://"),
            let slash = withoutQuery[scheme.upperBound...].lastIndex(of: "/")
        else { return nil }
        let name = String(withoutQuery[withoutQuery.index(after: slash)...])
        let lower = name.lowercased()
        if lower.hasSuffix(".tar.gz") || lower.hasSuffix(".tgz") {
            self = .tarGzip
        } else if lower.hasSuffix(".tar") {
            self = .tar
        } else if lower.hasSuffix(".zip") {
            self = .zip
        } else {
            let plain = name.utf8.allSatisfy { (33...126).contains($0) && !"%/\\".utf8.contains($0) }
            guard plain, (1...255).contains(name.utf8.count), name != ".", name != "..", !name.hasPrefix("-") else {
                return nil
            }
            self = .file(name)
        }
    }
}
