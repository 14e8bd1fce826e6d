import CurfewSystem
import CurfewTestSupport
import Foundation
import Testing

@Suite struct FileTests {
    @Test(arguments: ["link", "pipe", "folder", "dangling"])
    func nothingButAPlainFileIsEverReplacedOrRead(_ kind: String) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/target"
        switch kind {
        case "link":
            try Data("precious".utf8).write(to: URL(filePath: scratch.path + "/other"))
            symlink(scratch.path + "/other", path)
        case "dangling": symlink(scratch.path + "/nowhere", path)
        case "pipe": mkfifo(path, 0o600)
        default: mkdir(path, 0o700)
        }
        let error = #expect(throws: SystemError.self) { try AtomicFile.write([1], to: path) }
        #expect(error?.code == .unmanaged)
        #expect(#expect(throws: SystemError.self) { try PlainFile.read(path, limit: 100) }?.code == .unmanaged)
        #expect(throws: SystemError.self) { try AtomicFile.remove(path) }
        if kind == "link" { #expect(try PlainFile.read(scratch.path + "/other", limit: 100) == Array("precious".utf8)) }
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/nowhere"))
    }

    @Test func onlyWhatCarriesTheMarkIsReplaced() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/target"
        let ours = AtomicFile.Replaceable.marked { $0.starts(with: Array("mine".utf8)) }
        try AtomicFile.write(Array("mine 1".utf8), to: path, replacing: ours)
        try AtomicFile.write(Array("theirs".utf8), to: path, replacing: ours)
        #expect(throws: SystemError.self) { try AtomicFile.write(Array("mine 2".utf8), to: path, replacing: ours) }
        #expect(throws: SystemError.self) { try AtomicFile.write(Array("mine 2".utf8), to: path, replacing: .nothing) }
        #expect(throws: SystemError.self) { try AtomicFile.remove(path, replacing: ours) }
        #expect(try PlainFile.read(path, limit: 100) == Array("theirs".utf8))
        #expect(try PlainFile.read(scratch.path + "/none", limit: 100) == nil)
    }

    @Test func modeIsAsAskedAndNothingIsLeftBehind() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/target"
        // What a writer that was killed left.
        try Data("part".utf8).write(to: URL(filePath: path + AtomicFile.suffix))
        try AtomicFile.write([1, 2, 3], to: path, mode: 0o644)
        let read = try #require(try PlainFile.readWithStatus(path, limit: 3))
        #expect(read.status.st_mode & 0o777 == 0o644)
        #expect(PlainFile.names(in: scratch.path) == ["target"])
        #expect(#expect(throws: SystemError.self) { try PlainFile.read(path, limit: 2) }?.code == .tooLarge)
    }

    @Test func aProcessIsMoreThanItsNumber() throws {
        let own = try #require(ProcessID(getpid()))
        #expect(own.isAlive)
        #expect(own.signal(0))
        let other = ProcessID(pid: own.pid, started: own.started + 1)
        #expect(!other.isAlive)
        #expect(!other.signal(0))
        #expect(Processes.all()[own.pid]?.parent == getppid())
        #expect(Processes.program(of: own.pid) != nil)
    }
}
