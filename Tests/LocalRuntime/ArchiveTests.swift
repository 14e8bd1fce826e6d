import CLauncher
import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@testable import CurfewLocalRuntime

@Suite("Archives") struct ArchiveTests {
    /// A tar header with its content, padded.
    private static func entry(
        _ name: String, type: Character = "0", link: String = "", size: Int? = nil, _ content: String = ""
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ at: Int) { block.replaceSubrange(at..<(at + text.utf8.count), with: text.utf8) }
        func octal(_ number: Int, _ digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(String(decoding: name.utf8.prefix(100), as: UTF8.self), 0)
        put("0000644", 100)
        put(octal(size ?? content.utf8.count, 11), 124)
        put("        ", 148)
        put(String(type), 156)
        put(link, 157)
        put("ustar", 257)
        put("00", 263)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\0", 148)
        let padding = [UInt8](repeating: 0, count: (512 - content.utf8.count % 512) % 512)
        return block + Array(content.utf8) + padding
    }

    private static let end = [UInt8](repeating: 0, count: 1024)

    /// Unpacks bytes and gives back the folder.
    private func unpack(_ bytes: [UInt8], as format: ArchiveFormat = .tar, limit: Int64 = 1 << 20, entries: Int = 1000) throws
        -> Scratch
    {
        let scratch = try Scratch("archive")
        try Data(bytes).write(to: URL(filePath: scratch.file("archive")))
        mkdir(scratch.file("out"), 0o755)
        try Unpacker(format: format, subject: "test", limit: ByteCount(limit), entries: entries).unpack(
            scratch.file("archive"), into: scratch.file("out"))
        return scratch
    }

    static let hostile: [(String, [UInt8])] = [
        ("a path upwards", entry("../evil", "x")), ("a path upwards in the middle", entry("a/../../evil", "x")),
        ("an absolute path", entry("/tmp/curfew-evil", "x")),
        ("a slash with an accent", entry("a/../\u{301}/../../evil", "x")),
        ("a slash with an accent in front", entry("..", type: "L", "../\u{301}x/../../evil\0") + entry("x", "x")),
        ("a symlink out", entry("out", type: "2", link: "/etc")),
        ("a symlink upwards", entry("a/out", type: "2", link: "../../etc")),
        ("a symlink upwards by a detour", entry("d/e", type: "2", link: "..") + entry("x", type: "2", link: "d/e/../..")),
        ("a file through a symlink", entry("d", type: "2", link: "sub") + entry("d/evil", "x")),
        ("a symlink in place of a folder", entry("d/x", "x") + entry("d", type: "2", link: "e")),
        ("a hard link to a file outside", entry("x", type: "1", link: "../../../etc/passwd")),
        ("a hard link to nothing", entry("x", type: "1", link: "y")), ("a device", entry("x", type: "3")),
        ("a pipe", entry("x", type: "6")),
        ("a name twice", entry("x", "1") + entry("x", "2")),
        ("a name with NUL by pax", entry("p", type: "x", "17 path=../../evil\n")),
        ("a pax path upwards", entry("p", type: "x", "19 path=../../evil\n") + entry("x", "x")),
        ("a pax record that lies about its length", entry("p", type: "x", "99 path=x\n") + entry("x", "x")),
        ("a size that is not there", entry("x", size: 1 << 30, "x")),
        ("more than the limit", entry("x", String(repeating: "x", count: 2 << 20))),
        ("rubbish", Array(String(repeating: "rubbish ", count: 200).utf8)),
        ("a folder a thousand deep", entry("p", type: "L", String(repeating: "a/", count: 1000) + "\0") + entry("x", "x")),
        ("a huge header", entry("p", type: "x", size: 1 << 29)),
    ]

    @Test("A hostile tar writes nothing outside and is refused", arguments: hostile)
    func hostileTar(_ what: String, _ bytes: [UInt8]) throws {
        #expect(throws: DriverError.self, "\(what)") { try unpack(bytes + Self.end) }
        #expect(!exists("/tmp/curfew-evil") && !exists("/tmp/evil"))
    }

    @Test("A tar without its end, at every length of a block and with every cut, is refused or whole, and never crashes")
    func cut() throws {
        let whole = Self.entry("a/b", "hello") + Self.entry("c", type: "2", link: "a/b") + Self.end
        for length in stride(from: 0, to: whole.count, by: 97) { _ = try? unpack(Array(whole[..<length])) }
        let scratch = try unpack(whole)
        #expect(text(scratch.file("out/a/b")) == "hello" && text(scratch.file("out/c")) == "hello")
    }

    @Test(
        "What GNU tar packs comes out the same: long names, links, modes, compressed or not", .timeLimit(.minutes(1)),
        arguments: ["gnu", "posix", "ustar"])
    func realTar(_ format: String) async throws {
        let scratch = try Scratch("tar")
        let long = String(repeating: "long/", count: 15) + String(repeating: "n", count: format == "ustar" ? 60 : 150)
        try scratch.write("in/\(long)", "deep")
        try scratch.write("in/run", "#!/bin/sh\n")
        chmod(scratch.file("in/run"), 0o755)
        symlink("run", scratch.file("in/link"))
        link(scratch.file("in/run"), scratch.file("in/hard"))
        for (name, flag, kind) in [("a.tar", "-cf", ArchiveFormat.tar), ("a.tgz", "-czf", .tarGzip)] {
            #expect(
                try await tool("/usr/bin/tar", ["--format=\(format)", "-C", scratch.file("in"), flag, scratch.file(name), "."])
                    .code == 0)
            let out = try unpack(Array(try Data(contentsOf: URL(filePath: scratch.file(name)))), as: kind)
            #expect(try await tool("/usr/bin/diff", ["-r", scratch.file("in"), out.file("out")]).code == 0)
            #expect(access(out.file("out/run"), X_OK) == 0)
        }
    }

    @Test("A bomb is stopped at the limit, and a cut or broken gzip is refused", .timeLimit(.minutes(1)))
    func bombs() async throws {
        let scratch = try Scratch("bomb")
        try await tool("/usr/bin/truncate", ["-s", "64M", scratch.file("zeros")])
        try await tool("/usr/bin/tar", ["-C", scratch.path, "-czf", scratch.file("a.tgz"), "zeros"])
        let bytes = Array(try Data(contentsOf: URL(filePath: scratch.file("a.tgz"))))
        #expect(bytes.count < 1 << 20)
        #expect(throws: DriverError.self) { try unpack(bytes, as: .tarGzip, limit: 8 << 20) }
        #expect(throws: DriverError.self) { try unpack(Array(bytes.dropLast(1000)), as: .tarGzip, limit: 128 << 20) }
        var broken = bytes
        broken[bytes.count / 2] ^= 0xFF
        #expect(throws: DriverError.self) { try unpack(broken, as: .tarGzip, limit: 128 << 20) }
        // Very many files.
        var many: [UInt8] = []
        for number in 0...200 { many += Self.entry("f\(number)", type: "5") }
        _ = try unpack(many + Self.end, entries: 201)
        #expect(throws: DriverError.self) { try unpack(many + Self.end, entries: 200) }
    }

    /// Made by Python: bin/run.sh (deflated, executable), index.html (stored), link → bin/run.sh.
    static let zip = """
        UEsDBBQAAAAIAAAAIQDSrdGaGwAAADACAAAKAAAAYmluL3J1bi5zaFNW1E/KzNMvzuBKTc7IV8hIzcnJH2WOMnExAVBLAwQUAAAAAAAAACEAC/lDVgYAAAAGAAAACgAAAGluZGV4Lmh0bW\
        xzdG9yZWRQSwMEFAAAAAAAAAAhAMibReMKAAAACgAAAAQAAABsaW5rYmluL3J1bi5zaFBLAQIUAxQAAAAIAAAAIQDSrdGaGwAAADACAAAKAAAAAAAAAAAAAADtgQAAAABiaW4vcnVuLnNoUEsB\
        AhQDFAAAAAAAAAAhAAv5Q1YGAAAABgAAAAoAAAAAAAAAAAAAAKSBQwAAAGluZGV4Lmh0bWxQSwECFAMUAAAAAAAAACEAyJtF4woAAAAKAAAABAAAAAAAAAAAAAAA/6FxAAAAbGlua1BLBQYAAAAA\
        AwADAKIAAACdAAAAAAA=
        """

    @Test(
        "A zip comes out whole; with any byte changed or cut it is refused or whole, and never crashes", .timeLimit(.minutes(1))
    )
    func zips() throws {
        let bytes = Array(try needed(Data(base64Encoded: Self.zip)))
        let out = try unpack(bytes, as: .zip)
        #expect(
            text(out.file("out/bin/run.sh")).hasPrefix("#!/bin/sh\necho hello\n")
                && text(out.file("out/index.html")) == "stored")
        #expect(access(out.file("out/bin/run.sh"), X_OK) == 0 && ProcessTable.link(out.file("out/link")) == "bin/run.sh")
        #expect(throws: DriverError.self) { try unpack(bytes, as: .zip, limit: 100) }
        for index in bytes.indices {
            var broken = bytes
            broken[index] ^= 0x55
            _ = try? unpack(broken, as: .zip)
            if index % 7 == 0 { _ = try? unpack(Array(bytes[..<index]), as: .zip) }
        }
    }

    @Test("A directory of 100,000 entries that are nothing is read once, not once for each", .timeLimit(.minutes(1)))
    func manyEntries() throws {
        let count = 100_000
        var entry = [UInt8](repeating: 0, count: 46) + Array("a/".utf8)
        entry.replaceSubrange(0..<4, with: [0x50, 0x4B, 1, 2])
        entry[28] = 2
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entry.count * count + 22)
        for _ in 0..<count { bytes += entry }
        let size = UInt32(bytes.count)
        let number = (0..<4).map { UInt8(size >> (8 * $0) & 255) }
        bytes += [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 8) + number + [UInt8](repeating: 0, count: 6)
        let out = try unpack(bytes, as: .zip)
        #expect(exists(out.file("out/a")))
    }

    @Test(
        "The names that zip files are attacked by",
        arguments: [("index.html", "../../evil"), ("index.html", "/tmp/eviil"), ("bin/run.sh", "../../evil")])
    func zipSlip(_ old: String, _ new: String) throws {
        var bytes = Array(try needed(Data(base64Encoded: Self.zip)))
        for index in bytes.indices where bytes[index...].starts(with: old.utf8) {
            bytes.replaceSubrange(index..<(index + old.utf8.count), with: new.utf8)
        }
        #expect(throws: DriverError.self) { try unpack(bytes, as: .zip) }
        #expect(!exists("/tmp/evil") && !exists("/tmp/eviil"))
    }

    @Test("The kind of a download is known by its address")
    func formats() {
        #expect(ArchiveFormat(url: "https://x/a.tar.gz?token=1#x") == .tarGzip)
        #expect(ArchiveFormat(url: "https://x/a.TGZ") == .tarGzip)
        #expect(ArchiveFormat(url: "http://x/a/b.zip") == .zip)
        #expect(ArchiveFormat(url: "http://x/tool-1.2") == .file("tool-1.2"))
        for url in [
            "http://x/", "http://x", "http://x/..", "http://x/-rf", "http://x/a%2f..", "x/y", "http://x/a b",
            "http://x/\u{301}",
        ] {
            #expect(ArchiveFormat(url: url) == nil, "\(url)")
        }
    }
}
