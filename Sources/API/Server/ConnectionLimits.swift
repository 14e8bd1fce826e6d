import HTTPTypes

/// How long a connection may take its time, and how many there may be.
public struct ConnectionLimits: Sendable {
    /// From the connection, or the end of the last answer, to the end of the headers.
    public var head = Duration.seconds(10)
    /// Longest time from the headers to the end of the body, however large it is.
    public var body = Duration.seconds(30)
    /// The same for a body without a byte; larger ones get more by ``rate``.
    public var shortestBody = Duration.seconds(5)
    /// Fewest bytes of a body in a second.
    public var rate = 32 << 10
    /// From the end of a request to the end of its answer, streams of events aside.
    public var answer = Duration.seconds(120)
    /// Between two requests.
    public var idle = Duration.seconds(30)
    /// For a client to take an answer that ends the connection.
    public var linger = Duration.seconds(1)
    /// Connections at once. One more, and one whose last request was nobody's is closed.
    public var connections = 512
    /// Of these, such as have not shown who they are, from one address.
    public var strangersOfOnePeer = 256
    /// The ordinary limits.
    public init() {}

    /// How long the body behind these headers may take. What is sent in chunks has no size beforehand: it gets the time of
    /// 256 KiB.
    func body(of head: HTTPRequest) -> Duration {
        let size = head.headerFields[.contentLength].flatMap { Int($0) } ?? (256 << 10)
        return min(body, shortestBody + .seconds(size / max(1, rate)))
    }
}
