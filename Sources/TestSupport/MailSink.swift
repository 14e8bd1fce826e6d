public import Synchronization

/// A server that speaks as much SMTP as a client needs, and keeps what it got.
public final class MailSink: Sendable {
    /// What came, in order.
    public let mails = Mutex<[(to: [String], text: String)]>([])

    public init() {}

    /// Speaks with one client, to its end.
    /// - Parameter refusing: an answer to the recipient.
    public func talk(_ connection: TinyServer.Connection, refusing: String? = nil) {
        connection.send("220 sink\r\n")
        var to: [String] = []
        while let line = connection.line() {
            let verb = line.prefix(4).uppercased()
            if verb == "EHLO" {
                connection.send("250-sink\r\n250 8BITMIME\r\n")
            } else if verb == "RCPT" {
                to.append(String(line.dropFirst("RCPT TO:".count)))
                connection.send((refusing ?? "250 fine") + "\r\n")
            } else if verb == "DATA" {
                connection.send("354 go on\r\n")
                var text = ""
                while let line = connection.line(), line != "." { text += line + "\n" }
                mails.withLock { $0.append((to, text)) }
                connection.send("250 taken\r\n")
            } else if verb == "QUIT" {
                connection.send("221 bye\r\n")
                return
            } else {
                connection.send("250 fine\r\n")
            }
        }
    }
}
