/// Where an edge keeps its files, and the address that it opens ports on.
public struct HAProxyConfiguration: Sendable {
    /// Absolute path of the edge's own folder; made when missing, mode 0700.
    public var folder: String
    /// The literal IPv4 or IPv6 address that every listener is opened on.
    public var bind: String
    /// Absolute path of the HAProxy program (2.6 or later).
    public var program: String

    /// Makes a configuration; it is checked when the edge is first used.
    public init(folder: String, bind: String, program: String = "/usr/sbin/haproxy") {
        (self.folder, self.bind, self.program) = (folder, bind, program)
    }
}
