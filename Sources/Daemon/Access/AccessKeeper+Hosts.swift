import CurfewGitSource
import CurfewModel

extension AccessKeeper {
    /// How long hosts take what was published; it is published anew when half of it is over.
    static let hostValidity = Span.seconds(86_400)
    private static let sequenceFact = "publication/sequence"

    /// Puts what other hosts need to know on the remote, when it is something new.
    func publishForHosts(now: Instant) async {
        for (name, backend) in parts.backends.sorted(by: { $0.key < $1.key }) {
            do {
                guard let files = try await backend.published() else { continue }
                let half = Span(milliseconds: Self.hostValidity.milliseconds / 2)
                if let last = toldHosts[name], last.files == files, last.end - now > half { continue }
                let publication = Publication(
                    purpose: .hosts(backend: name), end: now + Self.hostValidity, files: files)
                toldHosts[name] = publication
                outbox.updateValue(publication, forKey: "hosts/\(name)")
                problems["hosts/\(name)"] = nil
            } catch { problems["hosts/\(name)"] = "what the hosts of \(name) need cannot be published: \(error)" }
        }
    }

    /// Sends publications to the remote, or takes them away (`nil`). What fails is sent again with the next round that is due.
    func publish() async {
        let (sent, now) = (outbox, parts.clock.now)
        guard !sent.isEmpty else { return }
        do {
            guard let root = parts.trust.root else {
                throw DaemonError(.storage, operation: "publish", subject: "credentials", "no commit is pinned; set trust.root")
            }
            try await parts.mirror.publish(sent, root: root, sequence: await nextSequence(now: now), at: now)
            for (name, publication) in sent where outbox[name] == publication { outbox[name] = nil }
            succeeded("publish")
        } catch {
            problems["publish"] = "credentials cannot be put on the remote: \(error)"
            retry("publish", now: now)
        }
    }

    /// Grows over restarts: by the clock, and by what is written down when the clock was set back. A journal that cannot be
    /// written must not keep a revocation from the hosts.
    private func nextSequence(now: Instant) async -> Int64 {
        if sequence == nil, let data = try? await parts.journal.facts(prefix: Self.sequenceFact)[Self.sequenceFact] {
            sequence = FactCoder().decode(Int64.self, from: data)
        }
        let next = max(now.milliseconds, (sequence ?? 0) + 1)
        sequence = next
        try? await parts.journal.setFact(Self.sequenceFact, FactCoder().encode(next))
        return next
    }
}
