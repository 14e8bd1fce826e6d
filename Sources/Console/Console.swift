public import CurfewJournal
public import CurfewModel

/// The pages of the web console. Pure: what is shown goes in, HTML comes out. Everything that is filled in is escaped.
public enum Console {
    /// What stands around a page, and who looks at it.
    public struct Frame: Sendable {
        /// The page's own address, with what stands behind `?`.
        public var path: String
        /// Who looks, as the audit trail names them; `nil` before they have signed in.
        public var caller: String?
        /// Whether they may pause, resume, sync and retry.
        public var isOperator: Bool
        /// Proof that a form is one of ours; `nil` where nothing can be sent.
        public var form: String?
        /// Whether they came with a cookie that they can give back.
        public var canSignOut: Bool
        /// Whether signing in gives more than they have.
        public var canSignIn: Bool
        /// Whether the page takes in what is new by itself.
        public var isLive = true
        /// Whether Curfew is paused.
        public var isPaused: Bool
        /// Curfew's version.
        public var version: String
        /// Now.
        public var now: Instant

        /// A frame.
        public init(
            path: String, caller: String?, isOperator: Bool, form: String?, canSignOut: Bool, canSignIn: Bool, isPaused: Bool,
            version: String, now: Instant
        ) {
            (self.path, self.caller, self.isOperator, self.form) = (path, caller, isOperator, form)
            (self.canSignOut, self.canSignIn, self.isPaused) = (canSignOut, canSignIn, isPaused)
            (self.version, self.now) = (version, now)
        }

        /// Of a page outside, which shows nothing of what is inside.
        public static func plain(now: Instant) -> Frame {
            var frame = Frame(
                path: "/", caller: nil, isOperator: false, form: nil, canSignOut: false, canSignIn: false, isPaused: false,
                version: "", now: now)
            frame.isLive = false
            return frame
        }
    }

    /// The name of the grant that an event of a grant or a session is about.
    public static func grantName(of event: JournalEvent) -> String? { EventTable.grantName(of: event) }

    /// A page without its frame.
    public struct Page: Sendable {
        /// For the window and for bookmarks.
        public var title: String
        /// HTML.
        public var content: String
        /// Whether it needs the recording player.
        var hasPlayer = false
    }

    private static let pages = [("/", "Now"), ("/timeline", "Timeline"), ("/access", "Access"), ("/journal", "Journal")]

    /// The whole document.
    public static func document(_ page: Page, in frame: Frame) -> String {
        Templates.fill(
            "layout",
            [
                "title": page.title, "content": page.content, "styleVersion": Asset.style.version,
                "scriptVersion": Asset.script.version, "iconVersion": Asset.icon.version,
                "playerVersion": page.hasPlayer ? Asset.player.version : false, "isInside": frame.caller != nil,
                "pages": pages.map { path, label -> Fields in
                    ["href": path, "label": label, "isHere": Self.section(of: frame.path) == path]
                },
                "isOperator": frame.isOperator && frame.form != nil, "form": frame.form ?? "", "path": frame.path,
                "isPaused": frame.isPaused, "caller": frame.caller ?? "", "canSignOut": frame.canSignOut,
                "canSignIn": frame.canSignIn, "isLive": frame.isLive, "version": frame.version,
                "now": frame.now.timestamp, "nowText": Words.moment(frame.now),
            ])
    }

    /// The entry of the navigation that a page belongs to.
    private static func section(of path: String) -> String {
        let plain = path.prefix { $0 != "?" }
        if plain.hasPrefix("/grants/") || plain.hasPrefix("/sessions/") { return "/access" }
        if plain.hasPrefix("/workloads/") { return "/" }
        return String(plain)
    }
}
