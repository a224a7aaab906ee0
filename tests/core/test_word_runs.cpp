#include "core/error.h"
#include "core/text/word_runs.h"

#include <QTest>

using namespace tt;

class TestWordRuns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_run_of_the_length_is_found_wherever_it_stands() {
        WordRuns runs(4);
        runs.add("once upon a time there was a fox");
        QVERIFY(runs.shares("long ago, upon a time there\nlived no one")); // a line end is a blank
        QVERIFY(runs.shares("there was  a\tfox"));
        QVERIFY(!runs.shares("once upon a day"));
        QVERIFY(!runs.shares("a time there")); // three words only
        QVERIFY(!runs.shares(""));
    }

    void words_are_told_apart_by_every_sign() {
        WordRuns runs(2);
        runs.add("the end.");
        QVERIFY(!runs.shares("the end"));
        QVERIFY(!runs.shares("The end."));
    }

    void a_run_does_not_reach_over_two_texts() {
        WordRuns runs(3);
        runs.add("one two");
        runs.add("three four");
        QVERIFY(!runs.shares("one two three four"));
    }

    void the_order_of_words_counts() {
        WordRuns runs(2);
        runs.add("a b");
        QVERIFY(!runs.shares("b a"));
    }

    void an_empty_run_is_refused() { QVERIFY_EXCEPTION_THROWN(WordRuns(0), Error); }
};

QTEST_GUILESS_MAIN(TestWordRuns)
#include "test_word_runs.moc"
