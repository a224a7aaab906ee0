#include "core/error.h"
#include "core/io/gzip.h"

#include <QTest>

using namespace tt;

class TestGzip : public QObject {
    Q_OBJECT

    /// "Once upon a time there was a fox.\\n" three times, by Python's gzip module.
    const std::string known{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xf3\xcf\x4b\x4e\x55\x28\x2d\xc8\xcf\x53\x48\x54"
                            "\x28\xc9\xcc\x4d\x55\x28"
                            "\xc9\x48\x2d\x4a\x55\x28\x4f\x2c\x06\x0a\xa4\xe5\x57\xe8\x71\xf9\x53\x41\x05\x00\x23\x46"
                            "\xd4\x8f\x66\x00\x00\x00",
                            56};
    const std::string text = "Once upon a time there was a fox.\n";

private Q_SLOTS:
    void a_file_of_another_program_is_read() { QCOMPARE(gunzip(known), text + text + text); }

    void what_was_written_is_read_again() {
        QCOMPARE(gunzip(gzip("")), std::string());
        std::string large;
        for (int i = 0; i < 100'000; ++i)
            large += std::to_string(i * 7919 % 10'007) + '\0';
        const std::string packed = gzip(large);
        QVERIFY(packed.size() < large.size());
        QCOMPARE(packed.substr(0, 3), std::string("\x1f\x8b\x08"));
        QCOMPARE(gzip(large), packed);
        QCOMPARE(gunzip(packed), large);
    }

    void what_is_damaged_or_too_large_is_refused() {
        QVERIFY_EXCEPTION_THROWN(gunzip(""), Error);
        QVERIFY_EXCEPTION_THROWN(gunzip("once"), Error);
        QVERIFY_EXCEPTION_THROWN(gunzip(known.substr(0, 50)), Error);
        std::string flipped = known;
        flipped[20] = static_cast<char>(flipped[20] ^ 8);
        QVERIFY_EXCEPTION_THROWN(gunzip(flipped), Error);
        QVERIFY_EXCEPTION_THROWN(gunzip(gzip(std::string(200'000, 'a')), 100'000), Error);
    }
};

QTEST_GUILESS_MAIN(TestGzip)
#include "test_gzip.moc"
