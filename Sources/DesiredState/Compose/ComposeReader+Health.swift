internal import CurfewModel

extension ComposeReader {
    /// What Compose and the engine take when nothing is said.
    private static let usual = (interval: Span.seconds(30), timeout: Span.seconds(30), retries: 3)

    func healthcheck(_ node: ComposeNode, _ path: String, _ draft: inout ComposeDraft) {
        var probe: HealthCheck.Probe?
        var (interval, timeout, period, retries) = (Self.usual.interval, Self.usual.timeout, Span.zero, Self.usual.retries)
        var isOff = false
        for field in fields(node, path) {
            let (value, place) = (field.value, "\(path).\(field.key)")
            if value.isNull { continue }
            switch field.key {
            case "test":
                guard let test = test(value, place) else { return }
                isOff = isOff || test.isEmpty
                probe = test.isEmpty ? nil : .command(test)
            case "disable": isOff = isOff || bool(value, place) == true
            case "interval": interval = duration(value, place, interval)
            case "timeout": timeout = duration(value, place, timeout)
            case "start_period": period = span(value, place) ?? period
            case "retries": retries = integer(value, place).map { $0 == 0 ? Self.usual.retries : $0 } ?? retries
            case "start_interval":
                note(
                    value, place,
                    "is not carried over: an instance is asked at one interval from its start on; shorten 'interval' for faster deploys"
                )
            default:
                unknown(
                    field, path, among: ["test", "disable", "interval", "timeout", "start_period", "retries", "start_interval"])
            }
        }
        if isOff { return note(node, path, "the check is off: a running process counts as healthy") }
        var check = HealthCheck(probe: probe ?? .image)
        check.interval = near(interval, WorkloadRules.interval, node, "\(path).interval")
        check.timeout = near(timeout, WorkloadRules.timeout, node, "\(path).timeout")
        check.failures = min(max(retries, WorkloadRules.failures.lowerBound), WorkloadRules.failures.upperBound)
        if check.failures != retries {
            note(node, "\(path).retries", "is set to \(check.failures), which is as near as it can be")
        }
        // An engine calls it unhealthy after so many failures, which count only once the period is over.
        let patience = period.milliseconds + Int64(check.failures) * (check.interval.milliseconds) + check.timeout.milliseconds
        check.startup = min(Span(milliseconds: patience), WorkloadRules.startup.upperBound)
        draft.workload.health = check
    }

    /// The words of `test`; empty for `NONE`.
    private func test(_ node: ComposeNode, _ path: String) -> [String]? {
        if node.items == nil { return text(node, path).map { ["/bin/sh", "-c", escaped($0)] } }
        let words = texts(node, path).map { escaped($0.text) }
        switch words.first {
        case "NONE" where words.count == 1: return []
        case "CMD" where words.count > 1: return Array(words.dropFirst())
        case "CMD-SHELL" where words.count == 2: return ["/bin/sh", "-c", words[1]]
        default:
            fail(node, path, "has to be a text, or a list that begins with CMD, CMD-SHELL or NONE")
            return nil
        }
    }

    /// A duration; zero means the usual one to Docker.
    private func duration(_ node: ComposeNode, _ path: String, _ usual: Span) -> Span {
        guard let span = span(node, path), span > .zero else { return usual }
        return span
    }

    /// The nearest value that a workload can have.
    private func near(_ value: Span, _ range: ClosedRange<Span>, _ node: ComposeNode, _ path: String) -> Span {
        let near = min(max(value, range.lowerBound), range.upperBound)
        if near != value { note(node, path, "is set to \(near), which is as near to \(value) as it can be") }
        return near
    }
}
