#include "core/io/download.h"

#include "core/io/file.h"
#include "core/io/http_transfer_impl.h"
#include "core/io/json_impl.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

namespace tt {

namespace fs = std::filesystem;

namespace {

constexpr int formatVersion = 1;

fs::path partOf(const DownloadSource &source, const fs::path &folder) {
    return folder / (source.name + ".part");
}
fs::path recordOf(const DownloadSource &source, const fs::path &folder) {
    return folder / (source.name + ".part.json");
}

std::string megabytes(int64_t bytes) {
    return std::to_string((bytes + 999'999) / 1'000'000) + " MB";
}

/// The bytes that are here, in a file that only this program writes to.
class Part {
public:
    Part(fs::path path, const std::string &name) : path_(std::move(path)) {
        descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (descriptor_ < 0)
            fail();
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            ::close(descriptor_);
            throw Error(name + " is being downloaded by another program already.");
        }
        const off_t end = ::lseek(descriptor_, 0, SEEK_END);
        size_ = end < 0 ? 0 : end;
    }
    ~Part() { ::close(descriptor_); }
    Part(const Part &) = delete;
    Part &operator=(const Part &) = delete;

    [[nodiscard]] int64_t size() const { return size_; }
    void clear() {
        if (::ftruncate(descriptor_, 0) != 0)
            fail();
        size_ = 0;
    }
    void append(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), size_);
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                fail();
            size_ += written;
            bytes.remove_prefix(static_cast<size_t>(written));
        }
    }
    void sync() {
        if (::fsync(descriptor_) != 0)
            fail();
    }

private:
    [[noreturn]] void fail() const {
        const int reason = errno;
        std::string text = "Writing failed: " + path_.string() + ": " + std::strerror(reason) + ".";
        if (reason == ENOSPC || reason == EDQUOT)
            text += " Free some space and resume; what arrived so far was kept.";
        throw Error(text);
    }

    fs::path path_;
    int descriptor_ = -1;
    int64_t size_ = 0;
};

void checkSource(const DownloadSource &source) {
    if (!source.url.starts_with("https://"))
        throw Error(source.name + " cannot be downloaded from " + source.url + ": only addresses with https are used.",
                    Error::Kind::Usage);
    if (source.bytes <= 0 || source.sha256.size() != 64)
        throw Error("The length and sha256 of " + source.name + " are not known, so it cannot be downloaded safely.",
                    Error::Kind::Usage);
}

/// Thrown out of a transfer whose bytes do not follow those that are here.
struct OtherFile {};

/// One download, over as many connections as it takes.
class Download {
public:
    Download(const DownloadSource &source, const fs::path &folder, std::stop_token stop, const ProgressSink &progress,
             const DownloadPatience &patience)
        : source_(source), record_(recordOf(source, folder)), part_(partOf(source, folder), source.name),
          stop_(std::move(stop)), throttle_(progress), patience_(patience) {
        if (!readRecord() || part_.size() > source.bytes)
            part_.clear();
    }

    /// Returns when all bytes are here.
    void fetch() {
        int triesLeft = patience_.tries;
        double pause = patience_.firstPause;
        int64_t most = part_.size();
        throttle_.report(progressOf("Downloading"));
        while (part_.size() < source_.bytes) {
            const std::string why = tryOnce();
            if (part_.size() > most) {
                most = part_.size();
                triesLeft = patience_.tries;
                pause = patience_.firstPause;
            }
            if (part_.size() == source_.bytes)
                break;
            if (--triesLeft <= 0)
                throw Error("Downloading " + source_.name + " stopped: " + why + "." + kept());
            wait(pause, why);
            pause *= 2;
        }
        part_.sync();
        throttle_.finish(progressOf("Downloading"));
    }

    void check(const fs::path &path) {
        Progress now{"Checking " + source_.name, 0, static_cast<double>(source_.bytes), "bytes"};
        const std::string sha = sha256OfFile(path, stop_, [&](int64_t bytes) {
            now.done = static_cast<double>(bytes);
            throttle_.report(now);
        });
        throttle_.finish(now);
        if (sha == source_.sha256)
            return;
        part_.clear();
        throw Error("What arrived as " + source_.name + " is not the file that was published: its sha256 is " + sha +
                    " where " + source_.sha256 +
                    " was expected. It was thrown away. A proxy or a virus scanner may "
                    "have changed it; try again or from another network.");
    }

private:
    /// False where what is here belongs to something else.
    bool readRecord() {
        std::error_code error;
        if (!fs::exists(record_, error)) {
            writeRecord();
            return false;
        }
        try {
            const Json json = readJsonObject(record_);
            const std::string what = record_.string();
            etag_ = memberOr<std::string>(json, "etag", {}, what);
            if (member<int>(json, "version", what) == formatVersion &&
                member<std::string>(json, "sha256", what) == source_.sha256 &&
                member<int64_t>(json, "bytes", what) == source_.bytes)
                return true;
        } catch (const Error &) { // a damaged record: begin anew
        }
        etag_.clear();
        writeRecord();
        return false;
    }

    void writeRecord() const {
        writeFileAtomically(record_, writeJson({{"version", formatVersion},
                                                {"url", source_.url},
                                                {"bytes", source_.bytes},
                                                {"sha256", source_.sha256},
                                                {"etag", etag_}}));
    }

    [[nodiscard]] std::string kept() const {
        return part_.size() == 0 ? std::string()
                                 : " " + megabytes(part_.size()) + " of " + megabytes(source_.bytes) +
                                       " were kept; resume to go on from there.";
    }

    /// One connection. Returns why it ended before the last byte; throws where another would not help.
    std::string tryOnce() {
        HttpResponse response;
        HttpEnd end;
        try {
            end = transfer(
                {source_.url, part_.size(), etag_, source_.certificates, patience_.connectSeconds,
                 patience_.stallSeconds},
                stop_, [this](const HttpResponse &head) { begin(head); },
                [this](std::string_view bytes) { receive(bytes); },
                [this] { throttle_.report(progressOf("Downloading")); }, response);
        } catch (const OtherFile &) {
            return "the file on the server changed";
        }
        if (end.kind == HttpEnd::Kind::Refused)
            refuse(end.why);
        if (response.status == 416) { // there is no such range: the file changed
            part_.clear();
            return "the server has a shorter file";
        }
        if (response.status >= 400 && response.status < 500 && response.status != 408 && response.status != 429)
            refuse("the server answered " + std::to_string(response.status) +
                   (response.status == 404 ? ", no such file" : ""));
        if (end.kind == HttpEnd::Kind::Broken)
            return end.why;
        if (response.status != 200 && response.status != 206)
            return "the server answered " + std::to_string(response.status);
        return "the connection ended early";
    }

    void begin(const HttpResponse &head) {
        if (head.total >= 0 && head.total != source_.bytes)
            refuse("the server offers a file of " + std::to_string(head.total) + " bytes where " +
                   std::to_string(source_.bytes) + " were expected, so it is another file");
        const bool same = etag_.empty() || head.etag.empty() || head.etag == etag_;
        const bool goesOn = head.status == 206 && head.from == part_.size() && same;
        if (!goesOn)
            part_.clear();
        if (head.etag != etag_) {
            etag_ = head.etag;
            writeRecord();
        }
        if (head.status == 206 && !goesOn)
            throw OtherFile{}; // these bytes are of no use; the next try asks for the whole
    }

    void receive(std::string_view bytes) {
        if (static_cast<int64_t>(bytes.size()) > source_.bytes - part_.size()) {
            part_.clear();
            refuse("the server sends more than the " + std::to_string(source_.bytes) + " bytes that were expected");
        }
        part_.append(bytes);
    }

    [[noreturn]] void refuse(const std::string &why) const {
        throw Error("Downloading " + source_.name + " was given up: " + why + " (" + source_.url + ").");
    }

    [[nodiscard]] Progress progressOf(const std::string &doing) const {
        return {doing + " " + source_.name, static_cast<double>(part_.size()), static_cast<double>(source_.bytes),
                "bytes"};
    }

    void wait(double seconds, const std::string &why) {
        Progress now = progressOf({});
        now.what = source_.name + ": " + why + "; trying again";
        throttle_.finish(now);
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        never.wait_for(lock, stop_, std::chrono::duration<double>(seconds), [] { return false; });
        throwIfStopped(stop_);
    }

    const DownloadSource &source_;
    fs::path record_;
    Part part_;
    std::stop_token stop_;
    ProgressThrottle throttle_;
    DownloadPatience patience_;
    std::string etag_;
};

} // namespace

fs::path download(const DownloadSource &source, const fs::path &folder, std::stop_token stop,
                  const ProgressSink &progress, const DownloadPatience &patience) {
    checkSource(source);
    makeFolder(folder);
    requireWritableFolder(folder);
    std::error_code error;
    const fs::path part = partOf(source, folder);
    fs::path whole = folder / source.name;
    if (fs::exists(whole, error) && sha256OfFile(whole, stop) == source.sha256)
        return whole;
    Download work(source, folder, std::move(stop), progress, patience);
    work.fetch();
    work.check(part);
    fs::rename(part, whole, error);
    if (error)
        throw Error("Cannot move " + part.string() + " to " + whole.string() + ": " + error.message() + ".");
    fs::remove(recordOf(source, folder), error);
    return whole;
}

int64_t downloadedBytes(const DownloadSource &source, const fs::path &folder) {
    std::error_code error;
    for (const fs::path &file : {folder / source.name, partOf(source, folder)}) {
        const auto size = fs::file_size(file, error);
        if (!error)
            return std::min(source.bytes, static_cast<int64_t>(size));
    }
    return -1;
}

void discardDownload(const DownloadSource &source, const fs::path &folder) {
    std::error_code ignored;
    for (const fs::path &file : {folder / source.name, partOf(source, folder), recordOf(source, folder)})
        fs::remove(file, ignored);
}

} // namespace tt
