import Foundation

/// A command inside a container, as the engine knows it.
public struct ExecDetails: Decodable, Sendable {
    /// Whether it runs.
    public var Running: Bool?
    /// Of its end.
    public var ExitCode: Int?
    /// The host's process id, 0 before it starts.
    public var Pid: Int?
    /// The container.
    public var ContainerID: String?
}

/// How a command is run inside a container.
public struct ExecConfig: Encodable, Sendable {
    /// Argument vector.
    public var Cmd: [String]
    /// Whether it gets a terminal.
    public var Tty = false
    /// Whether its input is connected.
    public var AttachStdin = false
    /// Whether its output is connected.
    public var AttachStdout = true
    /// Whether its errors are connected.
    public var AttachStderr = true
    /// `NAME=value`, added to the container's.
    public var Env: [String]?
    /// `user[:group]`; `nil` = the container's.
    public var User: String?
    /// Makes a configuration.
    public init(_ command: [String]) { Cmd = command }
}

extension DockerClient {
    /// Prepares a command; it begins with ``startExec(_:)`` or ``ExecConnection``.
    public func createExec(in container: String, _ config: ExecConfig) async throws -> String {
        let made: Created = try await fetch(
            .POST, "/containers/\(DockerEndpoint.escaped(container))/exec", body: try Self.encode(config))
        return made.Id
    }

    /// Runs a prepared command whose output is thrown away, and waits for its end.
    public func startExec(_ id: String) async throws {
        struct Body: Encodable {
            var Detach = false
            var Tty = false
        }
        var size = 0
        try await eachPiece(
            .POST, "/exec/\(DockerEndpoint.escaped(id))/start", body: .bytes(try Self.encode(Body())),
            headers: [("Connection", "close")], isSteady: false
        ) { piece in size += piece.readableBytes }
    }

    /// What became of a command.
    public func exec(_ id: String) async throws -> ExecDetails {
        try await fetch(.GET, "/exec/\(DockerEndpoint.escaped(id))/json")
    }

    /// Gives its terminal another size.
    public func resizeExec(_ id: String, columns: Int, rows: Int) async throws {
        try await call(.POST, "/exec/\(DockerEndpoint.escaped(id))/resize", [("h", String(rows)), ("w", String(columns))])
    }
}
