import ArgumentParser
import CurfewDaemon
import CurfewDesiredState
import CurfewModel
import Foundation
import Glibc

struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command inside a workload's instance, under a live grant of yours.",
        discussion: """
            You show who you are with your SSH key. The session is recorded, and cut when the grant ends. Without a command it
            is `sh`; on a terminal it gets a terminal.
            Exit codes: the command's own; 126 refused, 127 no such instance, 255 cut or no connection.
            Examples: curfew exec alice-inc-4821 orders-api
                      curfew exec alice-inc-4821 orders-api -- psql -U app
                      tar c fix | curfew exec alice-inc-4821 orders-api -T -- tar x -C /tmp
            """)

    @Argument(help: "The grant.") var grant: String
    @Argument(help: "The workload.") var workload: String
    @Argument(parsing: .postTerminator, help: "The command and its arguments, behind `--`.") var command: [String] = []
    @Option(name: .long, help: "One of its instances; the default is a healthy one.") var instance: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Your SSH key; its .pub when an agent holds it. The default is the first of id_ed25519, id_ecdsa, id_rsa.",
            valueName: "file"), completion: .file())
    var key: String?
    @Option(name: .long, help: ArgumentHelp("Where the daemon listens.", valueName: "path"), completion: .file())
    var socket: String?
    @Option(
        name: .long, help: ArgumentHelp("The configuration file that says where the state is.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?
    @Flag(name: [.customShort("t"), .customLong("terminal")], help: "With a terminal, although there is none here.")
    var terminal = false
    @Flag(name: [.customShort("T"), .customLong("no-terminal")], help: "Without a terminal: plain pipes, errors apart.")
    var noTerminal = false

    func validate() throws {
        guard Name(grant) != nil else { throw ValidationError("'\(grant.escapingControls)' is no name of a grant") }
        guard Name(workload) != nil else { throw ValidationError("'\(workload.escapingControls)' is no name of a workload") }
        if terminal && noTerminal { throw ValidationError("-t and -T do not go together") }
    }

    func run() async throws {
        do {
            let path = try place()
            let connection = try ExecConnection(path: path)
            let key = try await ExecKey(key)
            let size = wantsTerminal ? RawTerminal.size() ?? ExecSize(columns: 80, rows: 24) : nil
            let hello = try connection.hello()
            var request = ExecRequest(
                grant: grant, workload: workload, instance: instance, command: command.isEmpty ? ["sh"] : command,
                terminal: size, term: Self.term, key: key.line)
            request.signature = try await key.sign(
                request.signedText(challenge: hello.challenge), for: ExecRequest.namespace)
            try connection.send(ExecFrame(.request, json: request))
            throw ExitCode(try ExecLoop(connection, hasTerminal: size != nil).run())
        } catch let exit as ExitCode {
            throw exit
        } catch {
            Terminal.error("curfew: \(error)")
            throw ExitCode(255)
        }
    }

    private var wantsTerminal: Bool {
        if terminal || noTerminal { return terminal }
        return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    }

    private static var term: String {
        let text = getenv("TERM").map { String(cString: $0) } ?? ""
        let plain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
        return plain && text.utf8.count <= 64 ? text : ""
    }

    /// The socket: as it is named, or in the state folder of the configuration, or of the default one.
    private func place() throws -> String {
        if let socket { return socket }
        if config != nil || access("curfew.yaml", R_OK) == 0 {
            do {
                return StateFolder(path: try ServiceConfiguration.load(path: config ?? "curfew.yaml").state).execSocket
            } catch { throw ExecFailure("\(error); or name the socket with --socket") }
        }
        return StateFolder(path: ServiceConfiguration(repository: .init(url: "")).state).execSocket
    }
}

/// Why there is no session, for the person.
struct ExecFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
