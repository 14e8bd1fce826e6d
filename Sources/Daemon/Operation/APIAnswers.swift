import CurfewAPI
import CurfewDesiredState
import CurfewGitSource
import CurfewJournal
import CurfewModel
import CurfewViews
import Logging

/// Answers the HTTP API from the board. What it may do is what the control files and SIGHUP do.
struct APIAnswers: APIHost {
    let configuration: ServiceConfiguration
    let board: StatusBoard
    let telemetry: Telemetry
    let journal: Journal
    let clock: WallClock
    let log: Logger
    let mirror: Mirror
    /// Backends whose targets end access by themselves, whatever becomes of Curfew.
    let selfEnding: Set<Name>
    /// Looks at the branch and the control files.
    let look: @Sendable () async -> Void
    /// Tries everything that waits for another try.
    let tryAll: @Sendable () async -> Void
    /// The status, before the loop has turned for the first time.
    let firstStatus: @Sendable () async -> Status
    let files = PrivateQueue("api.files")
    private let shown = ShownStatus()
    private let folder: StateFolder

    init(
        configuration: ServiceConfiguration, board: StatusBoard, telemetry: Telemetry, journal: Journal, clock: WallClock,
        log: Logger, mirror: Mirror, selfEnding: Set<Name>, look: @escaping @Sendable () async -> Void,
        tryAll: @escaping @Sendable () async -> Void,
        firstStatus: @escaping @Sendable () async -> Status
    ) {
        (self.configuration, self.board, self.telemetry, self.journal) = (configuration, board, telemetry, journal)
        (self.clock, self.log, self.look, self.tryAll) = (clock, log, look, tryAll)
        (self.mirror, self.selfEnding) = (mirror, selfEnding)
        (self.firstStatus, folder) = (firstStatus, StateFolder(path: configuration.state))
    }

    func status() async -> StatusView {
        let picture = board.current
        var view =
            if let status = picture.status {
                shown.view(of: status, version: picture.version, selfEnding)
            } else {
                StatusView(await firstStatus(), selfEnding: selfEnding)
            }
        // Not waiting for the next picture: whoever paused it wants to see that it is.
        view.paused = Controls(folder).pausedBy
        return view
    }

    func plan() async -> PlanView {
        let status = await currentStatus()
        return PlanView(
            revision: status.revision?.hex,
            steps: board.current.steps.sorted { $0.workload < $1.workload }.map(PlanView.Step.init),
            holds: status.holds.map(PlanView.Hold.init))
    }

    func currentStatus() async -> Status {
        if let status = board.current.status { return status }
        return await firstStatus()
    }

    /// A loop that has not turned for that long is stuck: six of its longest pauses, and never less than a minute.
    private var longestPause: Double { max(60, Double(configuration.observeInterval.milliseconds) / 1000 * 6) }

    func health() async -> HealthView {
        let picture = board.current
        let since = Self.seconds(since: picture.tick)
        var problems: [String] = []
        // Open to everybody: no reason that names a file.
        if since > longestPause { problems.append("the loop has not turned for \(Int(since)) s") }
        if picture.journalProblem != nil { problems.append("the journal cannot be written") }
        let overdue = picture.overdue(by: AccessKeeper.grace, at: clock.now).count
        if overdue > 0 { problems.append("the end of \(overdue) grant\(overdue == 1 ? " is" : "s is") overdue") }
        return HealthView(
            ready: problems.isEmpty, secondsSinceTick: since, journalWritable: picture.journalProblem == nil,
            problems: problems)
    }

    func logs(of workload: Name, lines: Int) async throws -> [LogLine]? {
        let reader = LogReader(configuration: configuration)
        let local = try await files.run {
            reader.files(of: workload.rawValue).suffix(100).flatMap { file in
                reader.read(file.path, from: nil, lines: lines).lines.map { LogLine(instance: file.instance, text: $0) }
            }
        }
        let isFile = try await files.run { !reader.files(of: workload.rawValue).isEmpty }
        let collected = LineCollector()
        let isKnown = try await EngineLogs(configuration: configuration).tail(of: workload.rawValue, lines: lines) {
            await collected.take(LogLine(instance: $0, text: $1))
        }
        return isFile || isKnown ? await local + collected.lines : nil
    }

    func pause(by: String) async throws {
        let controls = Controls(folder)
        try await files.run { try controls.pause(by: by) }
        await look()
    }

    func resume(by: String) async throws {
        let controls = Controls(folder)
        try await files.run { try controls.resume() }
        await look()
    }

    func sync() async { await look() }

    func retry() async { await tryAll() }

    func answered(_ route: String, _ method: String, _ code: Int) async { telemetry.answered(route, code) }

    func note(_ kind: String, _ message: String, _ details: [String: String]) async {
        do {
            try await journal.append(JournalEvent(at: clock.now, kind: kind, message: message, details: details))
        } catch { log.error("\(kind) cannot be written into the journal: \(error): \(message.escapingControls)") }
    }

    static func seconds(since moment: ContinuousClock.Instant) -> Double {
        let passed = (ContinuousClock.now - moment).components
        return (Double(passed.seconds) + Double(passed.attoseconds) / 1e18).rounded(toPlaces: 3)
    }
}

/// Collects lines in the order in which they come, up to what one answer holds.
private actor LineCollector {
    private(set) var lines: [LogLine] = []
    private var size = 0

    func take(_ line: LogLine) {
        size += line.text.utf8.count
        if size <= 8 << 20 { lines.append(line) }
    }
}

extension Double {
    fileprivate func rounded(toPlaces places: Int) -> Double {
        var factor = 1.0
        for _ in 0..<places { factor *= 10 }
        return (self * factor).rounded() / factor
    }
}
