import CurfewTestSupport
import Testing

@testable import CurfewAPI

/// Off this machine everything is encrypted.
@Suite struct TLSTests {
    @Test(.timeLimit(.minutes(1))) func answersAreEncryptedAndPlainOnesAreNot() async throws {
        var house = try House("tls")
        let (cert, key) = (house.scratch.file("cert.pem"), house.scratch.file("key.pem"))
        let made = try await execute(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ])
        #expect(made.code == 0, "\(made.errors)")
        house.settings.tls = (cert, key)
        try await house.run { port in
            let secure = try await ask("https://127.0.0.1:\(port)/api/v1/status", "--cacert", cert)
            #expect(secure.code == 200)
            let stream = try await ask("https://127.0.0.1:\(port)/healthz", "--cacert", cert, "--tls-max", "1.2")
            #expect(stream.code == 200)
            await #expect(throws: ProgramFailure.self) {
                try await ask("https://127.0.0.1:\(port)/healthz", "--cacert", cert, "--tls-max", "1.1")
            }
            let plain = try RawSocket(port: port)
            plain.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let (text, isClosed) = await plain.readToEnd(within: .seconds(15))
            #expect(isClosed && !text.contains("200"))
        }
    }
}
