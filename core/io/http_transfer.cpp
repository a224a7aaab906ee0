#include "core/io/http_transfer_impl.h"

#include "core/progress.h"
#include "core/version.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <csignal>
#include <exception>
#include <memory>
#include <utility>

namespace tt {

namespace {

constexpr long mostRedirects = 5;
constexpr int pollMilliseconds = 200; // how late a stop is seen
constexpr long receiveBuffer = 256L << 10U;

using EasyHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using MultiHandle = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;
using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

void initialiseOnce() {
    static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK)
        throw Error("The network library could not be started.");
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
        text.remove_prefix(1);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
        text.remove_suffix(1);
    return text;
}

/// A number that is all of `text`, or −1.
int64_t number(std::string_view text) {
    int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value >= 0 ? value : -1;
}

/// What the callbacks of libcurl, which must not throw, work on.
struct Reception {
    const std::function<void(const HttpResponse &)> &respond;
    const std::function<void(std::string_view)> &receive;
    HttpResponse &response;
    bool responded = false;
    std::exception_ptr failure{};
};

bool isWanted(const HttpResponse &response) {
    return response.status == 200 || response.status == 206;
}

/// "bytes 100-199/1000"
void readContentRange(std::string_view value, HttpResponse &response) {
    if (!value.starts_with("bytes "))
        return;
    value.remove_prefix(6);
    const size_t dash = value.find('-'), slash = value.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos)
        return;
    response.from = number(value.substr(0, dash));
    response.total = number(value.substr(slash + 1));
}

void readHeader(std::string_view line, HttpResponse &response) {
    if (line.starts_with("HTTP/")) { // a new response: of a redirect's target, or after a 100
        response = {};
        const size_t gap = line.find(' ');
        if (gap != std::string_view::npos)
            response.status = static_cast<int>(number(line.substr(gap + 1, 3)));
        return;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos)
        return;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "content-range")
        readContentRange(value, response);
    else if (name == "content-length" && response.status == 200)
        response.total = number(value);
    else if (name == "etag" && value.starts_with('"'))
        response.etag = value;
}

size_t onHeader(char *data, size_t, size_t size, void *user) {
    readHeader(trimmed({data, size}), static_cast<Reception *>(user)->response);
    return size;
}

size_t onBody(char *data, size_t, size_t size, void *user) {
    auto &reception = *static_cast<Reception *>(user);
    if (!isWanted(reception.response))
        return size; // a page that explains an error
    try {
        if (!std::exchange(reception.responded, true))
            reception.respond(reception.response);
        reception.receive({data, size});
    } catch (...) {
        reception.failure = std::current_exception();
        return 0;
    }
    return size;
}

HttpEnd endOf(CURLcode code, int status) {
    switch (code) {
    case CURLE_OK:
        return {};
    case CURLE_PEER_FAILED_VERIFICATION:
        return {HttpEnd::Kind::Refused, "the server's certificate does not prove that it is the right server"};
    case CURLE_SSL_CACERT_BADFILE:
        return {HttpEnd::Kind::Refused, "the certificates to trust cannot be read (Debian has them in the package "
                                        "ca-certificates)"};
    case CURLE_UNSUPPORTED_PROTOCOL: // of a redirect's target, or of what answers
        if (status < 300 || status >= 400)
            return {HttpEnd::Kind::Broken, "what answers there does not speak HTTP"};
        return {HttpEnd::Kind::Refused, "the server sends on to an address without https"};
    case CURLE_TOO_MANY_REDIRECTS:
        return {HttpEnd::Kind::Refused, "the server sends on more than 5 times"};
    case CURLE_URL_MALFORMAT:
        return {HttpEnd::Kind::Refused, "its address makes no sense"};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return {HttpEnd::Kind::Broken, "the server's name is not known here (is there a network?)"};
    case CURLE_COULDNT_CONNECT:
        return {HttpEnd::Kind::Broken, "the server cannot be reached"};
    case CURLE_OPERATION_TIMEDOUT:
        return {HttpEnd::Kind::Broken, "the server fell silent"};
    default:
        return {HttpEnd::Kind::Broken, std::string("the connection broke (") + curl_easy_strerror(code) + ")"};
    }
}

void setUp(CURL *curl, const HttpRequest &request, curl_slist *headers, Reception &reception) {
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, mostRedirects);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!request.certificates.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, request.certificates.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    }
    curl_easy_setopt(curl, CURLOPT_USERAGENT, (std::string("TinyTranscoder/") + programVersion).c_str());
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connectSeconds));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stallSeconds));
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, receiveBuffer);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, onHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reception);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, onBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reception);
}

/// Not CURLOPT_RESUME_FROM, which takes a whole file in answer for an error.
HeaderList headersOf(const HttpRequest &request) {
    curl_slist *list = curl_slist_append(nullptr, "Accept-Encoding: identity");
    if (request.from > 0) {
        list = curl_slist_append(list, ("Range: bytes=" + std::to_string(request.from) + "-").c_str());
        if (!request.etag.empty())
            list = curl_slist_append(list, ("If-Range: " + request.etag).c_str());
    }
    return {list, &curl_slist_free_all};
}

/// OpenSSL writes to sockets that the other side has closed; that must not end the program.
class NoBrokenPipe {
public:
    NoBrokenPipe() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~NoBrokenPipe() {
        const timespec now{0, 0};
        while (sigismember(&before_, SIGPIPE) == 0 && sigtimedwait(&pipe_, nullptr, &now) > 0) {
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    NoBrokenPipe(const NoBrokenPipe &) = delete;
    NoBrokenPipe &operator=(const NoBrokenPipe &) = delete;

private:
    sigset_t pipe_{}, before_{};
};

/// Runs the transfer to its end, looking for a stop in between.
CURLcode perform(CURLM *multi, const std::stop_token &stop, const std::function<void()> &tick) {
    for (int running = 1; running > 0;) {
        throwIfStopped(stop);
        tick();
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        if (running > 0)
            curl_multi_poll(multi, nullptr, 0, pollMilliseconds, nullptr);
    }
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(multi, &left);
    return message ? message->data.result : CURLE_FAILED_INIT;
}

} // namespace

HttpEnd transfer(const HttpRequest &request, const std::stop_token &stop,
                 const std::function<void(const HttpResponse &)> &respond,
                 const std::function<void(std::string_view)> &receive, const std::function<void()> &tick,
                 HttpResponse &response) {
    initialiseOnce();
    const NoBrokenPipe noBrokenPipe;
    response = {};
    Reception reception{respond, receive, response};
    const HeaderList headers = headersOf(request);
    const EasyHandle curl(curl_easy_init(), &curl_easy_cleanup);
    const MultiHandle multi(curl_multi_init(), &curl_multi_cleanup);
    if (!curl || !multi)
        throw Error("The network library could not be started.");
    setUp(curl.get(), request, headers.get(), reception);
    curl_multi_add_handle(multi.get(), curl.get());
    const struct Detach {
        CURLM *multi;
        CURL *curl;
        ~Detach() { curl_multi_remove_handle(multi, curl); }
    } detach{multi.get(), curl.get()};
    const CURLcode code = perform(multi.get(), stop, tick);
    if (reception.failure)
        std::rethrow_exception(reception.failure);
    return endOf(code, response.status);
}

} // namespace tt
