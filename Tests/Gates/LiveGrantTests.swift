import CurfewGates
import CurfewModel
import Testing

/// What a change of policies does to a grant that is active: anything that narrows what it stands on ends it, nothing else does.
@Suite struct LiveGrantTests {
    /// Everything that a change may touch.
    struct Rules {
        var people: [Name: Person]
        var teams: [Name: Team]
        var roles: [Name: Role]
        var access: [Name: AccessPolicy]
        var selfExpiring = true

        init() {
            var alice = Make.person("alice")
            alice.loginKeys.append(Make.key("alice-laptop"))
            alice.signingKeys.append(PersonKey(Make.key("alice-spare")))
            alice.emails.append("alice@work.example")
            alice.accounts = ["unix": "alice"]
            people = Dictionary(([alice] + ["bob", "carol", "dave"].map { Make.person($0) }).map { ($0.name, $0) }) { $1 }
            teams = [
                Make.name("oncall"): Team(name: Make.name("oncall"), members: [.team(Make.name("night"))]),
                Make.name("night"): Team(name: Make.name("night"), members: [.person(Make.name("alice"))]),
                Make.name("dba"): Team(
                    name: Make.name("dba"), members: [.person(Make.name("bob")), .person(Make.name("carol"))]),
            ]
            let bind = Bind(
                backend: Make.name("bastion"),
                with: [
                    "principals": .list([.text("deploy"), .text("app")]), "pty": .bool(true), "portForwarding": .bool(true),
                    "sourceAddresses": .list([.text("10.0.0.0/8"), .text("192.0.2.0/24")]), "timeout": .text("30m"),
                    "connectionLimit": .integer(2),
                ])
            roles = [
                Make.role.name: Role(name: Make.role.name, binds: [bind], touches: [Make.name("orders"), Make.name("web")])
            ]
            access = [
                Make.name("oncall"): AccessPolicy(
                    name: Make.name("oncall"), roles: [Make.role.name], eligible: [.team(Make.name("oncall"))],
                    maxDuration: .seconds(7200), maxConcurrent: 2, reasonPattern: "^INC-[0-9]+: ",
                    approvals: Quorum(count: 1, from: [.team(Make.name("dba"))]),
                    windows: [TimeWindow(from: 0, to: 1440)],
                    breakGlass: .init(maxDuration: .seconds(3600), reviewWithin: .seconds(86_400)))
            ]
        }

        var set: PolicySet {
            PolicySet(
                persons: Array(people.values), teams: Array(teams.values), roles: Array(roles.values),
                accessPolicies: Array(access.values))
        }
        mutating func alice(_ change: (inout Person) -> Void) {
            people[Make.name("alice")].map {
                var one = $0; change(&one); people[one.name] = one
            }
        }
        mutating func role(_ change: (inout Role) -> Void) {
            roles[Make.role.name].map {
                var one = $0; change(&one); roles[one.name] = one
            }
        }
        mutating func with(_ key: String, _ value: Setting?) { role { $0.binds[0].with[key] = value } }
        mutating func policy(_ change: (inout AccessPolicy) -> Void) {
            access[Make.name("oncall")].map {
                var one = $0; change(&one); access[one.name] = one
            }
        }
        mutating func team(_ name: String, _ members: [Subject]) { teams[Make.name(name)]?.members = members }
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var ends: Bool
        var breakGlass = false
        var change: @Sendable (inout Rules) -> Void
        init(_ text: String, ends: Bool, breakGlass: Bool = false, _ change: @escaping @Sendable (inout Rules) -> Void) {
            (testDescription, self.ends, self.breakGlass, self.change) = (text, ends, breakGlass, change)
        }
    }

    static let narrowings: [Change] = [
        .init("person removed", ends: true) { $0.people[Make.name("alice")] = nil },
        .init("login key removed", ends: true) { $0.alice { $0.loginKeys.removeLast() } },
        .init("login key replaced", ends: true) { $0.alice { $0.loginKeys[0] = Make.key("new") } },
        .init("signing key removed", ends: true) { $0.alice { $0.signingKeys.removeFirst() } },
        .init("signing key runs out", ends: true) { $0.alice { $0.signingKeys[0].validUntil = Make.now + .seconds(50) } },
        .init("signing key begins later", ends: true) { $0.alice { $0.signingKeys[0].validFrom = Make.now + .seconds(50) } },
        .init("signing key given to somebody else", ends: true) { rules in
            rules.alice { $0.signingKeys.removeFirst() }
            rules.people[Make.name("dave")]?.signingKeys.append(PersonKey(Make.key("alice")))
        },
        .init("address of the request removed", ends: true) { $0.alice { $0.emails.removeFirst() } },
        .init("account removed", ends: true) { $0.alice { $0.accounts = [:] } },
        .init("account changed", ends: true) { $0.alice { $0.accounts["unix"] = "other" } },
        .init("out of the team", ends: true) { $0.team("night", []) },
        .init("team out of the team", ends: true) { $0.team("oncall", [.person(Make.name("bob"))]) },
        .init("approver out of the team", ends: true) { $0.team("dba", [.person(Make.name("carol"))]) },
        .init("approver's key replaced", ends: true) {
            $0.people[Make.name("bob")]?.signingKeys = [PersonKey(Make.key("bob-new"))]
        },
        .init("approver removed", ends: true) { $0.people[Make.name("bob")] = nil },
        .init("role removed", ends: true) { $0.roles = [:] },
        .init("bind removed", ends: true) { $0.role { $0.binds = [Bind(backend: Make.name("root"))] } },
        .init("principal removed", ends: true) { $0.with("principals", .list([.text("deploy")])) },
        .init("principal replaced", ends: true) { $0.with("principals", .list([.text("deploy"), .text("db")])) },
        .init("principals removed", ends: true) { $0.with("principals", nil) },
        .init("forced command", ends: true) { $0.with("forceCommand", .text("/bin/true")) },
        .init("fewer addresses", ends: true) { $0.with("sourceAddresses", .list([.text("10.0.0.0/8")])) },
        .init("no terminal", ends: true) { $0.with("pty", .bool(false)) },
        .init("no forwarding", ends: true) { $0.with("portForwarding", nil) },
        .init("shorter timeout", ends: true) { $0.with("timeout", .text("1m")) },
        .init("fewer connections", ends: true) { $0.with("connectionLimit", .integer(1)) },
        .init("setting that nobody knows", ends: true) { $0.with("other", .text("x")) },
        .init("touches less", ends: true) { $0.role { $0.touches.removeLast() } },
        .init("policy removed", ends: true) { $0.access = [:] },
        .init("role out of the policy", ends: true) { $0.policy { $0.roles = [] } },
        .init("not eligible", ends: true) { $0.policy { $0.eligible = [.person(Make.name("bob"))] } },
        .init("shorter than it has lasted", ends: true) { $0.policy { $0.maxDuration = .seconds(60) } },
        .init("no place for it", ends: true) { $0.policy { $0.maxConcurrent = 0 } },
        .init("another reason", ends: true) { $0.policy { $0.reasonPattern = "^CHG-" } },
        .init("two approvals", ends: true) { $0.policy { $0.approvals.count = 2 } },
        .init("approvals from others", ends: true) { $0.policy { $0.approvals.from = [.person(Make.name("carol"))] } },
        .init("a window that was closed", ends: true) { $0.policy { $0.windows = [TimeWindow(days: [.sun])] } },
        .init("only what ends by itself", ends: true) { rules in
            rules.policy { $0.requireSelfExpiry = true }
            rules.selfExpiring = false
        },
        .init("no break-glass", ends: true, breakGlass: true) { $0.policy { $0.breakGlass = nil } },
        .init("shorter break-glass", ends: true, breakGlass: true) { $0.policy { $0.breakGlass?.maxDuration = .seconds(60) } },
    ]

    static let others: [Change] = [
        .init("nothing", ends: false) { _ in },
        .init("login key added", ends: false) { $0.alice { $0.loginKeys.append(Make.key("third")) } },
        .init("signing key added", ends: false) { $0.alice { $0.signingKeys.append(PersonKey(Make.key("third"))) } },
        .init("another signing key removed", ends: false) { $0.alice { $0.signingKeys.removeLast() } },
        .init("address added", ends: false) { $0.alice { $0.emails.append("a@example.net") } },
        .init("another address removed", ends: false) { $0.alice { $0.emails.removeLast() } },
        .init("account added", ends: false) { $0.alice { $0.accounts["github"] = "alice" } },
        .init("somebody else removed", ends: false) { $0.people[Make.name("dave")] = nil },
        .init("another approver removed", ends: false) { $0.people[Make.name("carol")] = nil },
        .init("team grows", ends: false) { $0.team("night", [.person(Make.name("alice")), .person(Make.name("bob"))]) },
        .init("principal added", ends: false) {
            $0.with("principals", .list([.text("app"), .text("deploy"), .text("db")]))
        },
        .init("any address", ends: false) { $0.with("sourceAddresses", nil) },
        .init("more addresses", ends: false) {
            $0.with("sourceAddresses", .list([.text("10.0.0.0/8"), .text("192.0.2.0/24"), .text("::/0")]))
        },
        .init("default written out", ends: false) { $0.with("agentForwarding", .bool(false)) },
        .init("agent forwarding", ends: false) { $0.with("agentForwarding", .bool(true)) },
        .init("terminal by default", ends: false) { $0.with("pty", nil) },
        .init("longer timeout", ends: false) { $0.with("timeout", .text("1h")) },
        .init("more connections", ends: false) { $0.with("connectionLimit", .integer(9)) },
        .init("touches more", ends: false) { $0.role { $0.touches.append(Make.name("db")) } },
        .init("replaces always", ends: false) { $0.role { $0.replace = .always } },
        .init("another bind", ends: false) { $0.role { $0.binds.append(Bind(backend: Make.name("bastion"))) } },
        .init("more are eligible", ends: false) { $0.policy { $0.eligible.append(.person(Make.name("bob"))) } },
        .init("longer", ends: false) { $0.policy { $0.maxDuration = .seconds(9999) } },
        .init("room for more", ends: false) { $0.policy { $0.maxConcurrent = nil } },
        .init("any reason", ends: false) { $0.policy { $0.reasonPattern = nil } },
        .init("no approvals", ends: false) { $0.policy { $0.approvals = Quorum() } },
        .init("any time", ends: false) { $0.policy { $0.windows = [] } },
        .init("no break-glass, of an ordinary one", ends: false) { $0.policy { $0.breakGlass = nil } },
        .init("only what ends by itself, and it does", ends: false) { $0.policy { $0.requireSelfExpiry = true } },
        .init("another policy for the role", ends: false) {
            $0.access[Make.name("more")] = AccessPolicy(
                name: Make.name("more"), roles: [Make.role.name], eligible: [], maxDuration: .seconds(1))
        },
    ]

    private func judge(_ change: Change, tags: Bool = false) -> GrantVerdict {
        let before = Rules()
        var after = before
        change.change(&after)
        let file = Make.grant(breakGlass: change.breakGlass)
        let step = change.breakGlass ? BranchStep(commit: Make.request(file)) : Make.merge(Make.request(file), by: "bob")
        let item = GrantCase(
            file: file, step: step, firstSeen: Make.now, endedEarly: Make.now + .seconds(2700),
            terms: GrantTerms(start: Make.now, approvals: change.breakGlass ? [:] : [Make.name("bob"): Make.key("bob")]))
        let expires = after.selfExpiring
        return GrantGate.judge(
            [item], policies: after.set, parents: [step.commit.id: before.set], policiesAreBroken: false, rules: Make.rules,
            backends: [Make.name("bastion"): BackendFacts(selfExpiring: expires) { _, _ in [] }], approvals: [],
            running: [file.id], bases: [file.id: before.set], history: BreakGlassHistory(), now: Make.now + .seconds(100))[0]
    }

    @Test(arguments: narrowings) func whatNarrowsEnds(_ change: Change) {
        let verdict = judge(change)
        #expect(verdict.state == .ended(at: Make.now + .seconds(100)), "\(verdict.state)")
        #expect(!verdict.reasons.isEmpty)
    }

    @Test(arguments: others) func whatDoesNotGoesOn(_ change: Change) {
        let verdict = judge(change)
        #expect(
            verdict.state == .active(start: Make.now, end: Make.now + .seconds(2700)), "\(verdict.state) \(verdict.reasons)")
    }

    /// A tag that is gone, or too old by now, takes nothing away; a key of its signer that is gone does.
    @Test func anApprovalGoesOnToCountWithItsKey() {
        let file = Make.grant()
        let rules = Rules()
        func state(_ policies: PolicySet) -> GrantVerdict.State {
            let item = GrantCase(
                file: file, step: BranchStep(commit: Make.request(file)), firstSeen: Make.now,
                terms: GrantTerms(start: Make.now, approvals: [Make.name("carol"): Make.key("carol")]))
            return GrantGate.judge(
                [item], policies: policies, parents: [item.step.commit.id: rules.set], policiesAreBroken: false,
                rules: Make.rules, backends: nil, approvals: [], running: [file.id], bases: [file.id: rules.set],
                history: BreakGlassHistory(), now: Make.now + .seconds(100))[0].state
        }
        #expect(state(rules.set) == .active(start: Make.now, end: Make.now + .seconds(2700)))
        var stolen = rules
        stolen.people[Make.name("carol")]?.signingKeys = [PersonKey(Make.key("carol-new"))]
        #expect(state(stolen.set) == .ended(at: Make.now + .seconds(100)))
    }

    @Test func policiesThatCannotBeReadTakeNothingAway() {
        let file = Make.grant()
        let item = GrantCase(file: file, step: Make.merge(Make.request(file), by: "bob"), firstSeen: Make.now)
        let verdict = Make.judge([item], policies: PolicySet(), running: [file.id], now: Make.now + .seconds(9), broken: true)[
            0]
        #expect(verdict.state == .active(start: Make.now, end: Make.now + .seconds(2700)), "\(verdict.reasons)")
    }
}
