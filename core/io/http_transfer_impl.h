#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace tt {

/// One GET of one file from a byte on, over https only.
struct HttpRequest {
    std::string url;
    int64_t from = 0;                   ///< asks for the bytes from here on
    std::string etag{};                 ///< with `from`: only if the file is still this one
    std::filesystem::path certificates; ///< PEM file to trust in place of the system's; empty = the system's
    int connectSeconds = 30, stallSeconds = 30;
};

/// What the last server of a chain of redirects said before the bytes came.
struct HttpResponse {
    int status = 0;
    int64_t from = 0;   ///< of Content-Range; 0 without
    int64_t total = -1; ///< of the whole file, by Content-Range or Content-Length; −1 where it says neither
    std::string etag;   ///< a strong one, else empty
};

/// How a transfer ended.
struct HttpEnd {
    enum class Kind {
        Complete,
        Broken,  ///< the connection; worth another try
        Refused, ///< for good: certificate, redirect, protocol
    };
    Kind kind = Kind::Complete;
    std::string why; ///< "the connection broke"; empty if Complete
};

/// `respond` gets the head of a 200 or 206, and `receive` its bytes piece by piece; each may throw, which ends the
/// transfer and comes out of here. Another status calls neither. `tick` is called at least every 300 ms, also while
/// nothing comes. At most 5 redirects are followed, to https only;
/// certificate and host name are checked. Throws Error(Cancelled) within 300 ms of a stop.
HttpEnd transfer(const HttpRequest &request, const std::stop_token &stop,
                 const std::function<void(const HttpResponse &)> &respond,
                 const std::function<void(std::string_view)> &receive, const std::function<void()> &tick,
                 HttpResponse &response);

} // namespace tt
