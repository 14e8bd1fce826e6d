import HTTPTypes

extension HTTPField.Name {
    static let host = known("Host")
    static let lastEventID = known("Last-Event-ID")
    static let requestID = known("X-Request-Id")
    static let curfewRequest = known("X-Curfew-Request")
    static let fetchSite = known("Sec-Fetch-Site")
    static let frameOptions = known("X-Frame-Options")
    static let referrerPolicy = known("Referrer-Policy")
    static let resourcePolicy = known("Cross-Origin-Resource-Policy")

    /// For names that stand in this source code.
    private static func known(_ literal: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name("\(literal)") else { preconditionFailure("no name of a header: \(literal)") }
        return name
    }
}
