public import CurfewViews

extension Console {
    /// A recorded session.
    /// - Parameters:
    ///   - transcript: what was shown, as plain text; `nil` for the reason given.
    ///   - integrity: whether the file is the one that the journal tells of.
    public static func session(
        _ session: SessionView, transcript: String?, problem: String, integrity: String
    ) -> Page {
        let fields: Fields = [
            "person": session.person ?? "somebody", "workload": shown(session.workload), "instance": session.instance ?? "",
            "grant": shown(session.grant), "command": session.command ?? "", "began": shown(session.began),
            "beganText": Words.moment(session.began ?? ""), "how": ending(of: session), "sha256": session.sha256 ?? "none yet",
            "integrity": integrity, "hasTranscript": transcript != nil, "transcript": transcript ?? "", "problem": problem,
            "recording": session.recording,
        ]
        return Page(
            title: "Session of \(session.person ?? "somebody")", content: Templates.fill("session", fields),
            hasPlayer: transcript != nil)
    }

    /// Where somebody shows a token.
    public static func signIn(next: String, problem: String?, hasProvider: Bool) -> Page {
        Page(
            title: "Sign in",
            content: Templates.fill("signin", ["next": next, "problem": shown(problem), "hasProvider": hasProvider]))
    }

    /// Why there is no page.
    public static func problem(title: String, detail: String, requestID: String) -> Page {
        Page(
            title: title, content: Templates.fill("problem", ["title": title, "detail": detail, "requestID": requestID]))
    }
}
