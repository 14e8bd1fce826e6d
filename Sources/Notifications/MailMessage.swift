import CurfewModel
import Foundation

/// A notice as a mail: plain text, headers of plain ASCII.
enum MailMessage {
    static func text(_ notice: Notice, from: String, to recipients: [String]) -> String {
        let state = notice.state == .resolved ? "resolved" : notice.severity.rawValue
        var lines = [
            "From: Curfew <\(from)>", "To: \(recipients.joined(separator: ", "))",
            "Subject: [curfew \(state)] \(header(notice.message))", "Date: \(date(notice.until ?? notice.at))",
            // The same for the same news: a second copy can be told by it.
            "Message-ID: <\(header(notice.id)).\(notice.state.rawValue)@curfew.invalid>", "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
        ]
        lines += [notice.message, "", "kind: \(notice.kind)", "at: \(notice.at.iso8601)"]
        if let until = notice.until, notice.state == .resolved { lines.append("over: \(until.iso8601)") }
        if let workload = notice.workload { lines.append("workload: \(workload)") }
        if let person = notice.person { lines.append("person: \(person)") }
        for (name, value) in notice.details.sorted(by: { $0.key < $1.key }).prefix(32) {
            lines.append("\(name.prefix(bytes: 64)): \(value.prefix(bytes: 500))")
        }
        // One line of ours is one line of the mail, and none is longer than SMTP allows.
        return lines.map { $0.escapingControls.prefix(bytes: 900) }.joined(separator: "\r\n") + "\r\n"
    }

    /// At most 120 characters of printable ASCII.
    private static func header(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(120).map { $0.isASCII && $0.value >= 0x20 && $0.value < 0x7F ? $0 : "?" }))
    }

    private static func date(_ instant: Instant) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
        return formatter.string(from: Date(timeIntervalSince1970: Double(instant.milliseconds) / 1000))
    }
}
