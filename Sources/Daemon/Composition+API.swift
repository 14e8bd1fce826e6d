import CurfewAPI
import CurfewDesiredState
import Logging

extension Composition {
    /// The HTTP API of a configuration, `nil` when it is off.
    static func api(_ configuration: ServiceConfiguration, answers: APIAnswers, log: Logger) -> APIService? {
        guard let settings = apiSettings(configuration) else { return nil }
        if settings.path.map({ $0.utf8.count > 107 }) ?? false {
            log.warning("the HTTP API is off: the path of its socket has more than 107 bytes; set api.listen")
            return nil
        }
        return APIService(settings.settings, host: answers, log: log)
    }

    private static func apiSettings(_ configuration: ServiceConfiguration) -> (settings: APIService.Settings, path: String?)? {
        let (api, state) = (configuration.api, StateFolder(path: configuration.state))
        let address: APIService.Address
        var socket: String?
        switch api.listen {
        case .off: return nil
        case .unix(let path):
            socket = path ?? state.api
            address = .unix(path ?? state.api)
        case .address(let host, let port): address = .address(host, port: port)
        }
        var settings = APIService.Settings(address: address, journal: state.journal)
        (settings.hosts, settings.tokens) = (api.hosts, api.tokens)
        settings.allowsAnonymousViewers = api.allowsAnonymousViewers
        settings.tls = api.tls.map { ($0.cert, $0.key) }
        settings.oidc = api.oidc.map { oidc in
            var provider = OIDCSettings(issuer: oidc.issuer, audience: oidc.audience)
            provider.groupsClaim = oidc.groupsClaim
            (provider.viewers, provider.operators) = (Set(oidc.viewers), Set(oidc.operators))
            return provider
        }
        for (forge, file) in api.webhooks { settings.webhooks[forge.rawValue] = file }
        return (settings, socket)
    }
}
