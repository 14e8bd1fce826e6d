import CurfewConsole
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers for browsers.
enum PageAnswer {
    /// Only our own files, nothing inline, and in nobody's frame.
    static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'"

    /// A page; 304 for whoever has the same content already.
    static func response(
        _ page: Console.Page, in frame: Console.Frame, to request: Request, status: HTTPResponse.Status = .ok
    ) -> Response {
        let around = "\(frame.caller ?? "")\n\(frame.isPaused)\n\(frame.version)\n\(page.title)\n"
        let tag = "\"\(Console.digest(Array((around + page.content).utf8)))\""
        if status == .ok, request.headers[.ifNoneMatch] == tag {
            return Response(status: .notModified, headers: [.eTag: tag, .vary: "Accept-Encoding, Cookie"])
        }
        var response = body(
            Array(Console.document(page, in: frame).utf8), type: "text/html; charset=utf-8", to: request, status: status)
        response.headers[.contentSecurityPolicy] = policy
        response.headers[.referrerPolicy] = "same-origin"
        response.headers[.eTag] = tag
        response.headers[.vary] = "Accept-Encoding, Cookie"
        return response
    }

    /// A file of the pages. Its address holds its version, so that browsers keep it.
    static func asset(_ asset: Asset, to request: Request) -> Response {
        var response = body(asset.bytes, type: asset.type, to: request)
        response.headers[.cacheControl] = "public, max-age=31536000, immutable"
        response.headers[.vary] = "Accept-Encoding"
        return response
    }

    /// Bytes to be kept.
    static func file(_ bytes: [UInt8], type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .contentLength: "\(bytes.count)", .contentDisposition: "attachment"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Somewhere else, with GET.
    static func redirect(to path: String, cookies: [String] = []) -> Response {
        var response = Response(status: .seeOther, headers: [.location: path, .contentLength: "0"])
        response.headers[values: .setCookie] = cookies
        return response
    }

    /// A path of our own, and nothing that a browser takes for another place.
    static func ownPath(_ path: String?) -> String {
        guard let path, path.hasPrefix("/"), !path.hasPrefix("//"), path.utf8.count <= 1024,
            path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return "/" }
        return path
    }

    private static func body(
        _ bytes: [UInt8], type: String, to request: Request, status: HTTPResponse.Status = .ok
    ) -> Response {
        var (bytes, headers) = (bytes, HTTPFields())
        headers[.contentType] = type
        if bytes.count >= Gzip.least, Gzip.isTaken(request.headers[.acceptEncoding]), let packed = Gzip.compressed(bytes) {
            bytes = packed
            headers[.contentEncoding] = "gzip"
        }
        headers[.contentLength] = "\(bytes.count)"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
