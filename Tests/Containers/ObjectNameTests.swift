import CurfewContainers
import CurfewDrivers
import CurfewModel
import CurfewTestSupport
import Foundation
import Glibc
import Testing

@Suite struct ObjectNameTests {
    @Test("No two volumes have one name") func volumes() throws {
        var seen: [String: String] = [:]
        let words = ["a", "b", "a-a", "a-b", "b-a", "a-b-a", "a--b", "db-data", "orders", "orders-db", "data", "x1"]
        for workload in words.compactMap({ Name($0) }) {
            for volume in words.compactMap({ Name($0) }) {
                let name = EngineNames.volume(volume, of: workload)
                #expect(seen.updateValue("\(workload)/\(volume)", forKey: name) == nil, "\(name)")
                #expect(name.utf8.count <= 255 && name.wholeMatch(of: /[a-zA-Z0-9][a-zA-Z0-9_.-]*/) != nil)
            }
        }
        let long = try #require(Name(String(repeating: "a", count: 63)))
        #expect(EngineNames.volume(long, of: long).utf8.count <= 255)
    }

    @Test("A name that is cut to fit is told apart by all of it") func fitted() {
        let long = String(repeating: "a", count: 100)
        let names = Set(
            (0..<100).map { EngineNames.fitted("\(long.prefix(30))-\($0)-\(long)", limit: 63) } + [
                EngineNames.fitted("x", limit: 63)
            ])
        #expect(names.count == 101 && names.allSatisfy { $0.utf8.count <= 63 } && names.contains("x"))
    }

    @Test("What is there is ours only with all of our labels") func marks() throws {
        let mark = ObjectMark.volume(Name(literal: "data"), of: Name(literal: "web"), owner: "me")
        #expect(mark.isOn(mark.labels) && !mark.isOn(nil) && !mark.isOn([:]))
        for key in mark.labels.keys {
            var labels = mark.labels
            labels[key] = "other"
            #expect(!mark.isOn(labels))
            labels[key] = nil
            #expect(!mark.isOn(labels))
        }
        var others = mark.labels
        others["io.curfew.owner"] = "them\u{1b}[2J"
        #expect {
            try mark.check(others, "volume v", removal: "docker volume rm v", folder: "/f")
        } throws: {
            let text = "\($0)"
            return text.contains("volume v") && text.contains("another Curfew (them\\u{1b}[2J)") && text.contains("/f/owner")
                && text.contains("docker volume rm v")
        }
        #expect { try mark.check(nil, "volume v", removal: "docker volume rm v", folder: "/f") } throws: {
            "\($0)".contains("somebody else's")
        }
        let former = ["io.curfew.kind": "volume", "io.curfew.workload": "web"]
        #expect(mark.isFormer(former, needing: ["workload"]))
        #expect(
            !mark.isFormer(["io.curfew.kind": "volume"], needing: ["workload"]) && !mark.isFormer(nil) && !mark.isFormer(others)
        )
        #expect(!mark.isFormer(["io.curfew.kind": "volume", "io.curfew.workload": "web-data"], needing: ["workload"]))
    }
}

/// Files of a repository by the number of their id.
private struct Blobs: ArtifactSource {
    var bytes: [UInt8]
    func checkOut(tree: ObjectID, into folder: String, limit: ByteCount) async throws {}
    func blob(_ id: ObjectID, limit: ByteCount) async throws -> [UInt8] { bytes }
}

@Suite("Secrets that are anything but secrets") struct SecretReaderTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch("secrets") }

    private func read(_ encrypted: [UInt8]) async throws -> [UInt8] {
        let identity = scratch.file("age.key")
        if access(identity, F_OK) != 0 { _ = try await execute("age-keygen", ["-o", identity]) }
        let reader = SecretReader(settings: SecretSettings(identity: identity), artifacts: Blobs(bytes: encrypted))
        let id = ObjectID(String(repeating: "1", count: 40))
        return try await reader.read(SecretFile(path: "/run/secrets/p", source: .age(path: "keys/p", id: id)))
    }

    private func encrypted(_ text: String, _ options: String = "") async throws -> [UInt8] {
        _ = try? await read([])
        let made = try await execute(
            "sh",
            ["-c", "age \(options) -r $(age-keygen -y '\(scratch.file("age.key"))') -o '\(scratch.file("out.age"))' '\(text)'"])
        #expect(made.code == 0, "\(made.errors)")
        return [UInt8](try Data(contentsOf: URL(filePath: scratch.file("out.age"))))
    }

    private func refusal(_ encrypted: [UInt8], _ location: SourceLocation = #_sourceLocation) async -> String {
        let error = await #expect(throws: DriverError.self, sourceLocation: location) { try await read(encrypted) }
        return error.map { "\($0)" } ?? ""
    }

    @Test("Junk of every size is an error that names the file", .timeLimit(.minutes(1))) func junk() async throws {
        for size in [0, 1, 4096, 65_537, 900_000] {
            let bytes =
                Array("no age file\n".utf8.prefix(size)) + (0..<max(0, size - 12)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(await refusal(bytes).contains("keys/p cannot be decrypted"), "\(size)")
        }
    }

    @Test("What is encrypted is opened; cut, changed, too large or under a passphrase it is not", .timeLimit(.minutes(1)))
    func damaged() async throws {
        let file = try scratch.write("plain", "hunter2")
        let good = try await encrypted(file)
        #expect(try await read(good) == Array("hunter2".utf8))
        #expect(try await read(try await encrypted(file, "-a")) == Array("hunter2".utf8))
        for end in [good.count - 1, good.count / 2, 30] {
            let text = await refusal(Array(good[..<end]))
            #expect(text.contains("cannot be decrypted") && !text.contains("hunter2"))
        }
        for _ in 0..<8 {
            var bytes = good
            bytes[Int.random(in: 0..<bytes.count)] ^= 0x10
            _ = await refusal(bytes)
        }
        let large = try scratch.write("large", String(repeating: "x", count: SecretReader.limit + 1))
        #expect(await refusal(try await encrypted(large)).contains("holds more than 500 KiB"))
        let locked = Array(
            "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 22\nZV/AhotwSGqaPCU43cepl4WYUouAa17a3xpu4G2yi5k\n--- x\n"
                .utf8)
        #expect(await refusal(locked).contains("cannot be decrypted"))
    }

    @Test("A link, a pipe, a device and a folder are no secret files", .timeLimit(.minutes(1))) func files() async throws {
        let folder = scratch.file("folder")
        try scratch.write("folder/good", "s3cret")
        try scratch.write("folder/large", String(repeating: "x", count: SecretReader.limit + 1))
        symlink("/etc/shadow", folder + "/link")
        mkfifo(folder + "/pipe", 0o600)
        mkdir(folder + "/sub", 0o700)
        mknod(folder + "/zero", S_IFCHR | 0o600, 0x105)
        let reader = SecretReader(settings: SecretSettings(folder: folder), artifacts: Blobs(bytes: []))
        func read(_ name: String) async throws -> [UInt8] {
            try await reader.read(SecretFile(path: "/run/secrets/p", source: .file(try #require(Name(name)))))
        }
        #expect(try await read("good") == Array("s3cret".utf8))
        for name in ["link", "pipe", "sub", "zero", "large", "nothing"] {
            let error = await #expect(throws: DriverError.self, "\(name)") { try await read(name) }
            #expect(error.map { "\($0)".contains("\(folder)/\(name)") } ?? false, "\(String(describing: error))")
        }
    }
}
