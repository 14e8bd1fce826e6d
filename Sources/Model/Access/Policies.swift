/// How many distinct persons have to agree, and who they may be.
public struct Quorum: Hashable, Sendable {
    /// 0 = nobody has to.
    public var count: Int
    /// Who may.
    public var from: [Subject]
    /// How old an approval may be when what it approves is merged.
    public var validFor: Span
    /// A day.
    public static let defaultValidity = Span.seconds(86_400)
    /// Makes a quorum.
    public init(count: Int = 0, from: [Subject] = [], validFor: Span = Quorum.defaultValidity) {
        (self.count, self.from, self.validFor) = (count, from, validFor)
    }
}

/// Hours of the week.
public struct TimeWindow: Hashable, Sendable {
    /// Days of the week.
    public enum Day: String, Sendable, CaseIterable, Codable { case mon, tue, wed, thu, fri, sat, sun }
    /// On which days it opens.
    public var days: Set<Day>
    /// Minute of the day at which it opens, 0 to 1439.
    public var from: Int
    /// Minute of the day at which it closes, 1 to 1440; not after ``from``: on the next day.
    public var to: Int
    /// IANA name of the time zone that days and minutes are told in.
    public var zone: String
    /// Makes a window.
    public init(days: Set<Day> = Set(Day.allCases), from: Int = 0, to: Int = 1440, zone: String = "UTC") {
        (self.days, self.from, self.to, self.zone) = (days, from, to, zone)
    }
}

/// Who may have which roles, for how long and under which conditions.
public struct AccessPolicy: Hashable, Sendable {
    /// Break-glass: at once, with review afterwards.
    public struct BreakGlass: Hashable, Sendable {
        /// Longest time of such a grant.
        public var maxDuration: Span
        /// How long the review may take.
        public var reviewWithin: Span
        /// Makes the conditions.
        public init(maxDuration: Span, reviewWithin: Span) {
            (self.maxDuration, self.reviewWithin) = (maxDuration, reviewWithin)
        }
    }
    /// Unique name.
    public var name: Name
    /// The roles it speaks of.
    public var roles: [Name]
    /// Who may ask.
    public var eligible: [Subject]
    /// Longest time of one grant.
    public var maxDuration: Span
    /// Most live grants of its roles that one person may have at once; `nil` = no limit.
    public var maxConcurrent: Int?
    /// Regular expression that the reason has to match somewhere; `nil` = any reason that is not empty.
    public var reasonPattern: String?
    /// Who has to agree.
    public var approvals: Quorum
    /// When grants may begin; empty = always.
    public var windows: [TimeWindow]
    /// `nil` = no break-glass.
    public var breakGlass: BreakGlass?
    /// Refuse a backend that only a living Curfew can end.
    public var requireSelfExpiry: Bool

    /// Makes a policy.
    public init(
        name: Name, roles: [Name], eligible: [Subject], maxDuration: Span, maxConcurrent: Int? = nil,
        reasonPattern: String? = nil, approvals: Quorum = Quorum(), windows: [TimeWindow] = [], breakGlass: BreakGlass? = nil,
        requireSelfExpiry: Bool = false
    ) {
        (self.name, self.roles, self.eligible, self.maxDuration) = (name, roles, eligible, maxDuration)
        (self.maxConcurrent, self.reasonPattern, self.approvals) = (maxConcurrent, reasonPattern, approvals)
        (self.windows, self.breakGlass, self.requireSelfExpiry) = (windows, breakGlass, requireSelfExpiry)
    }
}

/// Who may change which paths, and when.
public struct ChangePolicy: Hashable, Sendable {
    /// A time in which commits wait.
    public struct Freeze: Hashable, Sendable {
        /// First moment.
        public var from: Instant
        /// First moment after it.
        public var to: Instant
        /// Why, for people.
        public var reason: String
        /// Makes a freeze.
        public init(from: Instant, to: Instant, reason: String) { (self.from, self.to, self.reason) = (from, to, reason) }
    }
    /// Unique name.
    public var name: Name
    /// Globs of paths from the root: `*` within a folder, `**` across folders, `?` one character.
    public var paths: [String]
    /// Who may write such changes.
    public var authors: [Subject]
    /// Who has to agree.
    public var approvals: Quorum
    /// When nothing is taken.
    public var freezes: [Freeze]
    /// When something is taken; empty = always.
    public var windows: [TimeWindow]

    /// Makes a policy.
    public init(
        name: Name, paths: [String], authors: [Subject], approvals: Quorum = Quorum(), freezes: [Freeze] = [],
        windows: [TimeWindow] = []
    ) {
        (self.name, self.paths, self.authors) = (name, paths, authors)
        (self.approvals, self.freezes, self.windows) = (approvals, freezes, windows)
    }
}
