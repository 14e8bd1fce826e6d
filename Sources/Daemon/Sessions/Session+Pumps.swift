import CurfewDrivers
import CurfewModel

/// What goes to and fro. Recorded first, handed on afterwards; nothing is handed on once the session has ended.
extension Session {
    func pumpOutput(of entry: any EntrySession) async {
        do {
            let accepted = ExecAccepted(
                recording: facts.id, instance: facts.instance, end: facts.end, recordsInput: facts.recordsInput)
            try await parts.connection.send(ExecFrame(.accepted, json: accepted))
            for try await piece in entry.output {
                let (bytes, isError) =
                    switch piece {
                    case .output(let bytes): (bytes, false)
                    case .errors(let bytes): (bytes, true)
                    }
                for start in stride(from: 0, to: bytes.count, by: ExecFrame.piece) {
                    let part = Array(bytes[start..<min(start + ExecFrame.piece, bytes.count)])
                    guard outcome.value == nil else { return }
                    try await parts.recording.output(part, isError: isError)
                    guard outcome.value == nil else { return }
                    try await parts.connection.send(ExecFrame(isError ? .errors : .output, part))
                    counts.withLock { $0.sent += part.count }
                }
            }
            if !Task.isCancelled { outcome.set(.exited) }
        } catch let error as RecordingError {
            outcome.set(.unrecorded("\(error)"))
        } catch let error as DriverError {
            outcome.set(.lost("\(error)"))
        } catch {
            outcome.set(.left("client left"))
        }
    }

    func pumpInput(into entry: any EntrySession) async {
        // A command that reads no more goes on: what it writes tells when it ends.
        var takesInput = true
        do {
            while let frame = try await parts.connection.next() {
                guard outcome.value == nil else { return }
                switch frame.kind {
                case .input:
                    if facts.recordsInput { try await parts.recording.input(frame.payload) }
                    counts.withLock { $0.received += frame.payload.count }
                    guard outcome.value == nil else { return }
                    if takesInput { takesInput = await Result { try await entry.write(frame.payload) }.isSuccess }
                case .closeInput:
                    takesInput = false
                    try? await entry.closeInput()
                case .resize:
                    let size = try frame.json(ExecSize.self)
                    guard facts.terminal != nil, size.isPossible else { throw ExecProtocolError("a size that no terminal has") }
                    try await parts.recording.resize(size)
                    try? await entry.resize(TerminalSize(columns: size.columns, rows: size.rows))
                default: throw ExecProtocolError("a frame of kind \(frame.kind) in a session")
                }
            }
            outcome.set(.left("client left"))
        } catch let error as RecordingError {
            outcome.set(.unrecorded("\(error)"))
        } catch {
            outcome.set(.left("client sent \(error)"))
        }
    }

    /// Ends the session at the grant's end, by the clock of grants and by the machine's ticking, whichever comes first.
    func watchTime() async {
        let start = parts.now()
        let deadline = ContinuousClock.now + (facts.end - start).duration
        var warns = facts.terminal != nil && facts.end - start > parts.warning
        while !Task.isCancelled {
            let rest = facts.end - parts.now()
            let ticks = deadline - .now
            guard rest > .zero, ticks > .zero else { break }
            if warns, rest <= parts.warning {
                warns = false
                let seconds = max(1, rest.milliseconds / 1000)
                notify("the grant \(grant.name) ends in \(seconds) s")
            }
            // A clock that jumps ahead is noticed within a second.
            try? await Task.sleep(for: min(ticks, rest.duration, .seconds(1)))
        }
        if !Task.isCancelled { outcome.set(.cut("the grant \(grant.name) has ended")) }
    }

    private func notify(_ text: String) {
        let connection = parts.connection
        Task { try? await connection.send(ExecFrame(.notice, json: ExecNotice(text: text))) }
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
