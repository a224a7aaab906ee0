#pragma once

// A small https server on 127.0.0.1 whose answers a test writes itself, with a certificate that it makes.

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tt::test {

/// A key with a certificate that signs itself.
class Certificate {
public:
    /// `names` as in an X.509 subjectAltName, e.g. "IP:127.0.0.1"; valid until `days` from now (negative: expired).
    explicit Certificate(const std::string &names = "IP:127.0.0.1", int days = 1)
        : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), x509_(X509_new(), &X509_free) {
        X509 *x = x509_.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
        X509_gmtime_adj(X509_getm_notBefore(x), -30L * 86400);
        X509_gmtime_adj(X509_getm_notAfter(x), days * 86400L);
        X509_set_pubkey(x, key_.get());
        X509_NAME *name = X509_get_subject_name(x);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char *>("test"), -1, -1,
                                   0);
        X509_set_issuer_name(x, name);
        add(NID_basic_constraints, "critical,CA:TRUE");
        add(NID_subject_alt_name, names);
        X509_sign(x, key_.get(), EVP_sha256());
    }
    [[nodiscard]] EVP_PKEY *key() const { return key_.get(); }
    [[nodiscard]] X509 *x509() const { return x509_.get(); }
    void write(const std::filesystem::path &file) const {
        const std::unique_ptr<std::FILE, int (*)(std::FILE *)> out(std::fopen(file.c_str(), "w"), &std::fclose);
        if (!out || PEM_write_X509(out.get(), x509()) != 1)
            throw std::runtime_error("the test's certificate cannot be written");
    }

private:
    void add(int kind, const std::string &value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, x509(), x509(), nullptr, nullptr, 0);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
        X509_add_ext(x509(), extension, -1);
        X509_EXTENSION_free(extension);
    }
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY *)> key_;
    std::unique_ptr<X509, void (*)(X509 *)> x509_;
};

struct Request {
    std::string path;
    int64_t from = 0; ///< of "Range: bytes=N-"
    std::string ifRange;
};

/// One connection, of one request.
class Connection {
public:
    explicit Connection(SSL *ssl) : ssl_(ssl) {}
    /// False where the other side is gone.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const int written = SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 16384)));
            if (written <= 0)
                return false;
            bytes.remove_prefix(static_cast<size_t>(written));
        }
        return true;
    }
    /// The connection ends without TLS's farewell.
    void cut() { cut_ = true; }
    /// Says nothing until the other side leaves.
    void fallSilent() {
        char byte = 0;
        SSL_read(ssl_, &byte, 1);
    }
    [[nodiscard]] bool isCut() const { return cut_; }

private:
    SSL *ssl_;
    bool cut_ = false;
};

class TlsServer {
public:
    using Answer = std::function<void(const Request &, Connection &)>;

    /// `answer` runs on the server's thread, for one connection after the other.
    explicit TlsServer(Answer answer, const Certificate &certificate = Certificate())
        : answer_(std::move(answer)), context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
        std::signal(SIGPIPE, SIG_IGN);
        SSL_CTX_use_certificate(context_.get(), certificate.x509());
        SSL_CTX_use_PrivateKey(context_.get(), certificate.key());
        listen();
        thread_ = std::jthread([this](const std::stop_token &stop) { serve(stop); });
    }
    ~TlsServer() {
        thread_.request_stop();
        thread_.join();
        ::close(socket_);
    }
    TlsServer(const TlsServer &) = delete;
    TlsServer &operator=(const TlsServer &) = delete;

    [[nodiscard]] std::string url(const std::string &path = "/file") const {
        return "https://127.0.0.1:" + std::to_string(port_) + path;
    }
    [[nodiscard]] std::vector<Request> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    void listen() {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        if (::bind(socket_, generic, size) != 0 || ::listen(socket_, 16) != 0 ||
            ::getsockname(socket_, generic, &size) != 0)
            throw std::runtime_error("the test's server cannot listen on 127.0.0.1");
        port_ = ntohs(address.sin_port);
    }

    void serve(const std::stop_token &stop) {
        while (!stop.stop_requested()) {
            pollfd wait{socket_, POLLIN, 0};
            if (::poll(&wait, 1, 20) <= 0)
                continue;
            const int client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0)
                continue;
            const timeval patience{5, 0};
            ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
            talk(client);
            ::close(client);
        }
    }

    void talk(int client) {
        const std::unique_ptr<SSL, void (*)(SSL *)> ssl(SSL_new(context_.get()), &SSL_free);
        SSL_set_fd(ssl.get(), client);
        if (SSL_accept(ssl.get()) != 1)
            return;
        std::string head;
        char buffer[4096];
        while (head.find("\r\n\r\n") == std::string::npos) {
            const int got = SSL_read(ssl.get(), buffer, sizeof buffer);
            if (got <= 0)
                return;
            head.append(buffer, static_cast<size_t>(got));
        }
        const Request request = read(head);
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
        }
        Connection connection(ssl.get());
        answer_(request, connection);
        if (!connection.isCut())
            SSL_shutdown(ssl.get());
    }

    static std::string header(const std::string &head, const std::string &name) {
        const size_t at = head.find("\r\n" + name + ": ");
        if (at == std::string::npos)
            return {};
        const size_t begin = at + name.size() + 4;
        return head.substr(begin, head.find("\r\n", begin) - begin);
    }
    static Request read(const std::string &head) {
        const size_t path = head.find(' ') + 1;
        Request request{head.substr(path, head.find(' ', path) - path), 0, header(head, "If-Range")};
        const std::string range = header(head, "Range");
        if (range.starts_with("bytes="))
            request.from = std::stoll(range.substr(6));
        return request;
    }

    Answer answer_;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX *)> context_;
    int socket_ = -1;
    uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::vector<Request> requests_;
    std::jthread thread_;
};

/// How a well-behaved server answers: the whole, or the rest from `request.from` where the ETag is still the one asked
/// for. Sends at most `most` bytes of it and then cuts the connection.
inline void serveFile(const Request &request, Connection &connection, std::string_view file,
                      const std::string &etag = "\"1\"", size_t most = SIZE_MAX) {
    const bool part = request.from > 0 && (request.ifRange.empty() || request.ifRange == etag);
    const std::string_view body = part ? file.substr(static_cast<size_t>(request.from)) : file;
    std::string head = part ? "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(request.from) +
                                  "-" + std::to_string(file.size() - 1) + "/" + std::to_string(file.size()) + "\r\n"
                            : std::string("HTTP/1.1 200 OK\r\n");
    head += "Content-Length: " + std::to_string(body.size()) + "\r\nETag: " + etag + "\r\nConnection: close\r\n\r\n";
    if (connection.send(head) && connection.send(body.substr(0, most)) && body.size() > most)
        connection.cut();
}

} // namespace tt::test
