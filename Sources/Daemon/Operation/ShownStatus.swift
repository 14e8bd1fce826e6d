import CurfewModel
import CurfewViews
import Synchronization

/// The last status in the API's words, put together once for each picture of the board.
final class ShownStatus: Sendable {
    private let kept = Mutex<(version: Int, view: StatusView)?>(nil)

    func view(of status: Status, version: Int, _ selfEnding: Set<Name>) -> StatusView {
        if let kept = kept.withLock({ $0 }), kept.version == version { return kept.view }
        let view = StatusView(status, selfEnding: selfEnding)
        kept.withLock { kept in
            // Somebody who looked at an older picture may be done later.
            if kept.map({ $0.version < version }) ?? true { kept = (version, view) }
        }
        return view
    }
}
