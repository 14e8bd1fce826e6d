import ArgumentParser
import CurfewDaemon
import CurfewModel
import Glibc

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy what only the state folder knows into one file, also while the service runs.",
        discussion: """
            The journal, the records of what was given, operators' wishes, recordings, and the keys that name this Curfew to
            its engines. Not: curfew.yaml and the files it names, volumes of workloads, and whatever is made anew from Git.
            The file is a tar archive with mode 0600; it tells who did what, so keep it where the journal may be read.
            Examples: curfew backup /var/backups/curfew-$(date +%F).tar
                      curfew backup - | age -r age1… > curfew.tar.age
            """)

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var output: FormatOption
    @Argument(help: "The file to write; - for standard output.", completion: .file()) var file: String
    @Flag(name: .long, help: "Leave out the recordings of sessions.") var noRecordings = false
    @Flag(name: .long, help: "Replace the file when it is there already.") var force = false

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            let backup = Backup(of: StateFolder(path: configuration.state), recordings: !noRecordings)
            guard file != "-" else {
                guard isatty(STDOUT_FILENO) == 0 else {
                    throw ValidationError("standard output is a terminal; name a file, or lead it into a pipe")
                }
                let report = try await backup.write(to: STDOUT_FILENO, named: "standard output", at: WallClock.system.now)
                return Terminal.error(told("backed up", report))
            }
            let report = try await backup.write(to: file, replacing: force, at: WallClock.system.now)
            if output.format == .json { return try Terminal.json(report) }
            Terminal.out("\(told("backed up", report)) to \(file.escapingControls)")
        }
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup into the state folder, while the service is stopped.",
        discussion: """
            All of it is checked first: every file's SHA-256 and the journal's chain. What was there is kept in
            before-restore-… in the state folder. Mirror, instances and volumes stay as they are.
            Examples: curfew restore /var/backups/curfew-2026-11-23.tar
                      age -d -i key.txt curfew.tar.age | curfew restore -
            """)

    @OptionGroup var options: ConfigurationOption
    @OptionGroup var output: FormatOption
    @Argument(help: "The file to read; - for standard input.", completion: .file(extensions: ["tar"])) var file: String
    @Flag(name: .long, help: "Also when the state folder has a journal already.") var force = false

    func run() async throws {
        let configuration = try options.load()
        try await reporting {
            let input = file == "-" ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)
            guard input >= 0 else {
                throw DaemonError(.notFound, operation: "read", subject: file, String(cString: strerror(errno)))
            }
            let restore = Restore(into: StateFolder(path: configuration.state))
            let name = file == "-" ? "standard input" : file.escapingControls
            let report = try await restore.read(from: input, named: name, replacing: force, at: WallClock.system.now)
            if output.format == .json { return try Terminal.json(report) }
            Terminal.out("\(told("restored", report)), of \(report.at.text)")
            if let kept = report.keptIn { Terminal.out("what was there is in \(kept)") }
        }
    }
}

private func told(_ done: String, _ report: BackupReport) -> String {
    "\(done) \(report.files) file\(report.files == 1 ? "" : "s"), \(report.bytes) bytes, \(report.events) events"
}
