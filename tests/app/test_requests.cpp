// Which requests of the window are answered, which are dropped, and what is written though the window closes.
#include "app/session/requests.h"

#include "core/error.h"

#include <QSignalSpy>
#include <QtTest>

#include <condition_variable>
#include <mutex>

using namespace tt;

namespace {
constexpr int patience = 30'000; // milliseconds; a machine under load
enum Kind { Read, Write, Kinds };

/// Blocks its worker until it is asked to stop.
void waitForStop(const std::stop_token &token) {
    std::mutex mutex;
    std::condition_variable_any asked;
    std::unique_lock lock(mutex);
    asked.wait(lock, token, [] { return false; });
}
} // namespace

class TestRequests : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void only_the_newest_of_a_kind_is_answered() {
        Requests requests(std::vector<int>(Kinds, 0), nullptr);
        QStringList answers;
        requests.post(Read, [&answers](const std::stop_token &token) -> Requests::Answer {
            waitForStop(token); // until the next one takes its place
            return [&answers] { answers << "older"; };
        });
        requests.post(Read, [&answers](const std::stop_token &) -> Requests::Answer {
            return [&answers] { answers << "newer"; };
        });
        QTRY_COMPARE_WITH_TIMEOUT(answers, QStringList{"newer"}, patience);
    }

    void what_fails_is_said_and_what_has_no_answer_is_not() {
        Requests requests(std::vector<int>(Kinds, 0), nullptr);
        QSignalSpy failed(&requests, &Requests::failed);
        requests.post(Read, [](const std::stop_token &) -> Requests::Answer { return {}; });
        requests.post(Write, [](const std::stop_token &) -> Requests::Answer { throw Error("The disk is full."); });
        QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, patience);
        QCOMPARE(failed[0][0].toInt(), static_cast<int>(Write));
        QCOMPARE(failed[0][1].toString(), QString("The disk is full."));
    }

    void what_is_kept_is_done_though_newer_ones_come_and_the_window_closes() {
        QStringList done;
        {
            Requests requests(std::vector<int>(Kinds, 0), nullptr);
            requests.post(Read, [](const std::stop_token &token) -> Requests::Answer {
                waitForStop(token); // until the worker is destroyed
                return {};
            });
            for (const QString word : {"first", "second"})
                requests.postKept(Write, [&done, word](const std::stop_token &) -> Requests::Answer {
                    done << word;
                    return {};
                });
        }
        QCOMPARE(done, (QStringList{"first", "second"}));
    }

    void what_is_only_read_is_left_when_the_window_closes() {
        bool read = false;
        {
            Requests requests(std::vector<int>(Kinds, 0), nullptr);
            requests.post(Read, [](const std::stop_token &token) -> Requests::Answer {
                waitForStop(token);
                return {};
            });
            requests.post(Write, [&read](const std::stop_token &) -> Requests::Answer {
                read = true;
                return {};
            });
        }
        QVERIFY(!read);
    }
};

QTEST_GUILESS_MAIN(TestRequests)
#include "test_requests.moc"
