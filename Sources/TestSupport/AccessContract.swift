public import CurfewDrivers
public import CurfewModel

/// What a backend did against the contract of ``AccessBackend``.
public struct ContractViolation: Error, CustomStringConvertible {
    /// The rule, and what was seen instead.
    public let description: String
    /// Makes a violation.
    public init(_ description: String) { self.description = description }
}

/// The rules that every ``AccessBackend`` keeps, each a function that throws ``ContractViolation`` when it does not.
///
/// Each rule uses grants of its own, so all of them may run on one target, one after another.
public struct AccessContract<Backend: AccessBackend>: Sendable {
    let person: Person
    let settings: [String: Setting]
    let now: @Sendable () -> Instant
    let open: @Sendable () async throws -> Backend

    /// - Parameters:
    ///   - person: somebody to whom `settings` can be given.
    ///   - settings: what a role says for this backend.
    ///   - now: the clock that the backend has too.
    ///   - open: makes a backend that is ready, each time a new one for the same target: what a restart of Curfew does.
    public init(
        person: Person, settings: [String: Setting], now: @escaping @Sendable () -> Instant,
        open: @escaping @Sendable () async throws -> Backend
    ) {
        (self.person, self.settings, self.now, self.open) = (person, settings, now, open)
    }

    /// All rules but ``endedStaysEndedAfterRestart(emptyingState:)`` with a state that is emptied.
    public func everyRule() async throws {
        try await giveTwiceIsOnce()
        try await endTwiceIsOnce()
        try await observeTellsWhatIsThere()
        try await overlappingGrantsDoNotEndEachOther()
        try await endedStaysEndedAfterRestart()
        try await nothingIsGivenAfterItsEnd()
        try await endOfUnknownIsFine()
        try await givingAgainDoesNotLengthen()
    }

    /// Giving what is given changes nothing and hands out the same, also after a restart.
    public func giveTwiceIsOnce() async throws {
        let order = order("give-twice")
        let backend = try await open()
        let first = try await backend.give(order)
        let second = try await backend.give(order)
        try check(first == second, "giving twice hands out two different things")
        let third = try await open().give(order)
        try check(first == third, "giving again after a restart hands out something else")
        let seen = try await observed(order.id, by: backend)
        try check(Set(seen.map(\.subject)).count == seen.count, "one grant is there twice: \(seen.map(\.subject))")
        try await backend.end([order.id])
    }

    /// Ending what is ended succeeds, also after a restart and beside ids that live.
    public func endTwiceIsOnce() async throws {
        let order = order("end-twice")
        let backend = try await open()
        _ = try await backend.give(order)
        try await backend.end([order.id])
        try await backend.end([order.id, order.id])
        let restarted = try await open()
        try await restarted.end([order.id])
        try await isGone(order.id, by: restarted)
    }

    /// What is given is observed with its end and is alive; what is ended is observed as revoked or not at all.
    public func observeTellsWhatIsThere() async throws {
        let order = order("observe")
        let backend = try await open()
        _ = try await backend.give(order)
        for backend in [backend, try await open()] {
            let seen = try await observed(order.id, by: backend)
            try check(!seen.isEmpty && seen.allSatisfy { !$0.isRevoked }, "what was given is not observed: \(seen)")
            try await isAlive(order.id, by: backend)
            guard backend.capabilities.selfExpiring else { continue }
            for access in seen {
                guard let end = access.end else { throw ContractViolation("\(access.subject) is observed without an end") }
                try check(end <= order.end, "\(access.subject) ends at \(end.text), after the order's \(order.end.text)")
            }
        }
        try await backend.end([order.id])
        let left = try await observed(order.id, by: backend).filter { !$0.isRevoked }
        try check(left.isEmpty, "what was ended is observed as alive: \(left)")
        try await isGone(order.id, by: backend)
    }

    /// Two grants of one person and one role have each their own life.
    public func overlappingGrantsDoNotEndEachOther() async throws {
        let (early, late) = (order("overlap-early"), order("overlap-late", lasting: .seconds(7200)))
        let backend = try await open()
        _ = try await backend.give(early)
        let credentials = try await backend.give(late)
        try await backend.end([early.id])
        try await isGone(early.id, by: backend)
        try await isAlive(late.id, by: backend)
        let again = try await backend.give(late)
        try check(credentials == again, "the end of one grant changed what another hands out")
        let seen = try await observed(late.id, by: backend)
        try check(!seen.isEmpty && seen.allSatisfy { !$0.isRevoked }, "the end of one grant took another along: \(seen)")
        try await backend.end([late.id])
        try await isGone(late.id, by: backend)
    }

    /// What was ended before its time does not come back when Curfew starts again.
    /// - Parameter emptyingState: deletes the state folder between the two lives; `nil` = it stays.
    public func endedStaysEndedAfterRestart(emptyingState: (@Sendable () async throws -> Void)? = nil) async throws {
        let (order, live) = (order("stays-ended"), order("stays-alive"))
        let backend = try await open()
        for order in [order, live] { _ = try await backend.give(order) }
        try await backend.end([order.id])
        try await emptyingState?()
        let restarted = try await open()
        try await isGone(order.id, by: restarted)
        let left = try await observed(order.id, by: restarted).filter { !$0.isRevoked }
        try check(left.isEmpty, "what was ended is back after a restart: \(left)")
        // The end of one more, by a backend that may have forgotten the first, must not bring the first back.
        try await restarted.end([live.id])
        try await isGone(order.id, by: restarted)
        try await isGone(live.id, by: restarted)
    }

    /// An order whose end is past, or is this very moment, is refused and leaves nothing.
    public func nothingIsGivenAfterItsEnd() async throws {
        let backend = try await open()
        for (label, length) in [("too-late", Span.seconds(-1)), ("just-over", .zero)] {
            let order = order(label, lasting: length)
            do {
                _ = try await backend.give(order)
            } catch {
                try check(error is DriverError, "the refusal is no DriverError: \(error)")
                let left = try await observed(order.id, by: backend).filter { !$0.isRevoked }
                try check(left.isEmpty, "a refused order left something: \(left)")
                continue
            }
            throw ContractViolation("access was given after its end")
        }
    }

    /// Ids that nobody knows are ended already, alone and beside one that lives; so is nothing at all.
    public func endOfUnknownIsFine() async throws {
        let (order, unknown) = (order("beside-unknown"), order("unknown"))
        let backend = try await open()
        try await backend.end([])
        try await backend.end([unknown.id])
        _ = try await backend.give(order)
        try await backend.end([unknown.id, order.id])
        try await isGone(order.id, by: backend)
        try await isGone(unknown.id, by: backend)
    }

    /// A second order for the same grant with a later end leaves the first end standing.
    public func givingAgainDoesNotLengthen() async throws {
        let order = order("no-longer")
        var longer = order
        longer.end = order.end + .seconds(3600)
        let backend = try await open()
        let credentials = try await backend.give(order)
        for backend in [backend, try await open()] {
            // Refusing is as good as doing nothing.
            if let again = try? await backend.give(longer) {
                try check(again == credentials, "a later end hands out something new")
            }
            for access in try await observed(order.id, by: backend) {
                guard let end = access.end else { continue }
                try check(end <= order.end, "\(access.subject) was lengthened from \(order.end.text) to \(end.text)")
            }
        }
        try await backend.end([order.id])
        try await isGone(order.id, by: backend)
    }
}

extension AccessContract {
    /// A grant that nobody else has: the name tells the rule, the blob is random.
    func order(_ label: String, lasting length: Span = .seconds(3600)) -> AccessOrder {
        let name = Name(label) ?? person.name
        // Whole seconds, since targets know no smaller ones; begun a minute ago, so that nobody has to wait.
        let moment = Instant(milliseconds: now().milliseconds / 1000 * 1000)
        return AccessOrder(
            id: GrantID(name: name, blob: .random()), person: person, settings: settings,
            start: moment + .seconds(-60), end: moment + length, reason: "contract: \(label)")
    }

    private func observed(_ id: GrantID, by backend: Backend) async throws -> [ObservedAccess] {
        try await backend.observe().filter { $0.grant == id }
    }

    private func isGone(_ id: GrantID, by backend: Backend) async throws {
        guard let probe = try await backend.probe([id])[id] else { throw ContractViolation("no probe of \(id)") }
        if case .alive(let how) = probe { throw ContractViolation("\(id) is still alive: \(how)") }
    }

    private func isAlive(_ id: GrantID, by backend: Backend) async throws {
        guard let probe = try await backend.probe([id])[id] else { throw ContractViolation("no probe of \(id)") }
        if case .gone(let how) = probe { throw ContractViolation("\(id) is gone: \(how)") }
    }

    private func check(_ holds: Bool, _ rule: String) throws {
        guard holds else { throw ContractViolation("\(backendName): \(rule)") }
    }

    private var backendName: String { "\(Backend.self)" }
}

extension ObjectID {
    /// Forty random digits: a blob that no repository has.
    public static func random() -> ObjectID {
        while true {
            if let blob = ObjectID(String((0..<40).compactMap { _ in "0123456789abcdef".randomElement() })) { return blob }
        }
    }
}
