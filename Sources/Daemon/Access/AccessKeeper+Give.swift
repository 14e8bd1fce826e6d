import CurfewDrivers
import CurfewGates
import CurfewGitSource
import CurfewModel

/// Gives what may be given. No backend waits for another, and nothing that ends access waits for any of this.
extension AccessKeeper {
    /// Most calls at a time into one backend.
    private static let width = 4
    /// Most grants that are begun in one round: a thousand at once are written down in some, and judged anew between them.
    private static let batch = 200

    /// Begins every active grant that is not real yet.
    func give(now: Instant) async {
        hasMoreToGive = false
        var begun: [GrantID] = []
        for (id, verdict) in verdicts.sorted(by: { $0.key < $1.key }) {
            guard case .active(let start, let end) = verdict.state, var record = store[id], record.phase == .seen,
                giving[id] == nil, isDue("give/\(id)", now: now), let item = cases[id],
                let person = policies.set.persons[item.file.grant.person],
                let role = policies.set.roles[item.file.grant.role]
            else { continue }
            if let why = parts.quarantine.reason(ContentKey(id)) {
                problems["give/\(id)"] = why
                continue
            }
            guard begun.count < Self.batch else {
                hasMoreToGive = true
                break
            }
            // Written down before anything is given: a kill in between is found out and ended.
            (record.start, record.end) = (start, end)
            record.backends = (record.backends + role.binds.map(\.backend)).uniqued()
            (record.touches, record.replace) = (role.touches, record.breakGlass ? .always : role.replace)
            (record.givenUnder, record.givenPolicies) = (revision, policies.set.tree)
            record.approvedWith = verdict.approvalKeys(item, tags: approvals, policies: policies.set)
            store[id] = record
            bases[id] = policies.set
            giving[id] = Giving(record, person: person, role: role, reason: item.file.grant.reason, start: start, end: end)
            begun.append(id)
        }
        guard !begun.isEmpty else { return }
        await save()
        guard problems["records"] == nil else {
            for id in begun {
                giving[id] = nil
                retry("give/\(id)", now: now)
            }
            return
        }
        for id in begun { for name in giving[id]?.waitsFor ?? [] { lanes[name, default: []].append(id) } }
        for name in lanes.keys.sorted() { startGiving(on: name) }
    }

    /// Begins the next calls into a backend.
    private func startGiving(on name: Name) {
        while let id = lanes[name]?.first, isGiving[name, default: []].count < Self.width {
            lanes[name]?.removeFirst()
            guard let orders = giving[id]?.orders[name] else { continue }
            if store[id]?.phase != .seen {
                settle(nil, of: id, on: name, problem: "it was taken back")
            } else if let backend = parts.backends[name] {
                start(orders, of: id, on: backend)
            } else {
                settle([], of: id, on: name, problem: nil)
            }
        }
        if lanes[name]?.isEmpty ?? false { lanes[name] = nil }
    }

    private func start(_ orders: [AccessOrder], of id: GrantID, on backend: any AccessBackend) {
        let name = backend.name
        guard opened.contains(name) || parts.opens[name] == nil else {
            return settle(nil, of: id, on: name, problem: "\(name) cannot be used yet")
        }
        guard !calls.isOut(.give(name, id)) else {
            return settle(nil, of: id, on: name, problem: "\(name) has not answered yet")
        }
        isGiving[name, default: []].insert(id)
        let watch = parts.quarantine
        begin(.give(name, id), within: .seconds(20)) {
            if let why = watch.begin(ContentKey(id), stage: "given") {
                return await self.gave(nil, to: id, on: name, problem: why)
            }
            defer { watch.end(ContentKey(id), stage: "given") }
            do {
                var credentials: [Credential] = []
                for order in orders { credentials += try await backend.give(order) }
                await self.gave(credentials, to: id, on: name, problem: nil)
            } catch { await self.gave(nil, to: id, on: name, problem: "\(error)") }
            await self.lookAfter(id, on: name)
        }
    }

    /// A backend has answered, or will not be waited for any longer (no credentials, and why).
    func gave(_ credentials: [Credential]?, to id: GrantID, on name: Name, problem: String?) {
        isGiving[name]?.remove(id)
        settle(credentials, of: id, on: name, problem: problem)
        startGiving(on: name)
    }

    private func settle(_ credentials: [Credential]?, of id: GrantID, on name: Name, problem: String?) {
        guard giving[id]?.waitsFor.remove(name) != nil else { return }
        giving[id]?.credentials[name] = credentials
        if let problem { giving[id]?.problem = problem }
        if let done = giving[id], done.waitsFor.isEmpty { finishGiving(id, done) }
    }

    /// What came back after its grant was to be ended may have given access all the same: it is ended again.
    private func lookAfter(_ id: GrantID, on name: Name) {
        guard let phase = store[id]?.phase, phase != .seen, phase != .given else {
            if store[id] == nil { strays[name, default: []].insert(id) }
            return ends.ring()
        }
        if phase == .ending {
            store[id]?.gone.removeAll { $0 == name }
        } else {
            strays[name, default: []].insert(id)
        }
        ends.ring()
    }

    private func finishGiving(_ id: GrantID, _ done: Giving) {
        guard done.problem == nil, store[id]?.phase == .seen else {
            giving[id] = nil
            // What was given all the same ends by itself and is looked for until then.
            if let problem = done.problem, store[id]?.phase == .seen {
                problems["give/\(id)"] = "\(id.name) cannot be given: \(problem)"
                retry("give/\(id)", now: parts.clock.now)
            }
            return alarm.ring()
        }
        guard !done.handedOut.isEmpty, let end = done.record.end else { return isGiven(id, publishing: nil) }
        Task {
            let (cipher, person) = (parts.cipher, done.person)
            let made = await bounded(.seconds(20)) { () -> (files: [String: [UInt8]]?, problem: String) in
                do { return (try await cipher.files(done.handedOut, for: person), "") } catch {
                    return (nil, "\(error)")
                }
            }
            if let files = made?.files {
                let purpose = PublicationStatement.Purpose.credentials(grant: id.name, blob: id.blob, person: person.name)
                isGiven(id, publishing: Publication(purpose: purpose, end: end, files: files))
            } else {
                cannotEncrypt(id, made?.problem ?? "the credentials were not ready within 20 s")
            }
        }
    }

    private func cannotEncrypt(_ id: GrantID, _ why: String) {
        giving[id] = nil
        problems["give/\(id)"] = "\(id.name) cannot be given: \(why)"
        retry("give/\(id)", now: parts.clock.now)
        alarm.ring()
    }

    private func isGiven(_ id: GrantID, publishing publication: Publication?) {
        giving[id] = nil
        // Its end may have come meanwhile; then it is ended already, or will be.
        guard var record = store[id], record.phase == .seen else { return alarm.ring() }
        record.phase = .given
        if let publication {
            record.hasCredentials = true
            outbox.updateValue(publication, forKey: "credentials/\(id.name)")
        }
        store[id] = record
        succeeded("give/\(id)")
        let due = max(record.firstSeen, record.start ?? record.firstSeen)
        parts.telemetry.given(after: parts.clock.now - due)
        events.append(givenEvent(record))
        startFlush()
        ends.ring()
        ringAfterGiving()
    }

    /// Asks for a round: at the end of what is being given, and now and then before. A round for each of a thousand would take
    /// more time than they do.
    private func ringAfterGiving() {
        guard giving.isEmpty || ContinuousClock.now - lastRing > .milliseconds(250) else { return }
        lastRing = .now
        alarm.ring()
    }
}

extension ContentKey {
    /// A grant.
    init(_ id: GrantID) { self.init(.grant, id.name.rawValue, id: id.blob.hex) }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of its first place.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
