#include "ui/fail_on_warning.h"
#include "ui/sample_workspace.h"

#include "ui/data/corpora_model.h"
#include "ui/data/data_place.h"
#include "ui/data/drop_zone.h"
#include "ui/data/generate_form.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QDropEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>

using namespace tt;

class TestDataPlace : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;
    DataPlace *place_ = nullptr;

    template <class T>
    T *named(const QString &name) const {
        for (T *widget : place_->findChildren<T *>())
            if (widget->accessibleName() == name)
                return widget;
        return nullptr;
    }
    void drop(const QStringList &files) {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString &file : files)
            urls << QUrl::fromLocalFile(file);
        data.setUrls(urls);
        QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(place_, &enter);
        QCOMPARE(enter.isAccepted(), true);
        QVERIFY(place_->findChild<DropZone *>()->isLit());
        QDropEvent event(QPointF(300, 300), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(place_, &event);
        QVERIFY(!place_->findChild<DropZone *>()->isLit());
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("TT_COLOR_SCHEME", "light");
        applyTheme(*qApp);
    }
    void init() {
        place_ = new DataPlace;
        place_->resize(1184, 696);
        place_->show();
        QVERIFY(QTest::qWaitForWindowExposed(place_));
    }
    void cleanup() { delete place_; }

    void the_controls_of_the_contract_are_there() {
        for (const char *name : {"Generate stories", "Import…", "Train tokenizer"})
            QVERIFY2(named<QPushButton>(QString::fromUtf8(name)), name);
    }
    void an_empty_workspace_offers_to_generate() {
        auto *start = named<QPushButton>(QStringLiteral("Generate 20,000 stories"));
        QVERIFY(start && start->isVisible());
        QSignalSpy generate(place_, &DataPlace::generateRequested);
        start->click();
        QCOMPARE(generate.size(), 1);
        QCOMPARE(generate.first().at(0).toString(), QStringLiteral("generated-20k"));
        QCOMPARE(generate.first().at(1).toLongLong(), 20'000);
        QCOMPARE(generate.first().at(2).toULongLong(), 1ULL);
        QVERIFY(!named<QPushButton>(QStringLiteral("Train tokenizer"))->isEnabled());
    }
    void the_workspace_is_listed() {
        place_->setWorkspace(windowsample::workspace());
        auto *corpora = named<QTableView>(QStringLiteral("Corpora"));
        QVERIFY(corpora->isVisible());
        QCOMPARE(corpora->model()->rowCount(), 3);
        QCOMPARE(corpora->model()->index(0, CorporaModel::Stories).data().toString(), QStringLiteral("120,000"));
        QCOMPARE(corpora->model()->index(0, CorporaModel::Size).data().toString(), QStringLiteral("86.4 MB"));
        QVERIFY(corpora->model()->index(2, 0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("3 empty")));
        auto *tokenizers = named<QTableView>(QStringLiteral("Tokenizers"));
        QCOMPARE(tokenizers->model()->index(1, TokenizersModel::Vocabulary).data().toString(),
                 QStringLiteral("50,257"));
        const QAbstractItemModelTester corporaTester(corpora->model());
        const QAbstractItemModelTester tokenizersTester(tokenizers->model());
        place_->setWorkspace({});
    }
    void a_free_name_is_proposed_and_a_taken_one_repaired() {
        place_->setWorkspace(windowsample::workspace());
        auto *stories = named<QSpinBox>(QStringLiteral("Stories"));
        auto *name = named<QLineEdit>(QStringLiteral("Corpus name"));
        auto *start = named<QPushButton>(QStringLiteral("Generate stories"));
        stories->setValue(120'000);
        QCOMPARE(name->text(), QStringLiteral("generated-120k-2"));
        name->selectAll();
        QTest::keyClicks(name, QStringLiteral("bedtime"));
        QVERIFY(!start->isEnabled());
        QCOMPARE(place_->generateForm()->problem(), QStringLiteral("There is a corpus named bedtime already."));
        auto *repair = named<QPushButton>(QStringLiteral("Use generated-120k-2"));
        QVERIFY(repair && repair->isVisible());
        repair->click();
        QVERIFY(start->isEnabled());
        QCOMPARE(name->text(), QStringLiteral("generated-120k-2"));
    }
    void a_typed_name_is_kept_when_the_number_changes() {
        auto *name = named<QLineEdit>(QStringLiteral("Corpus name"));
        name->selectAll();
        QTest::keyClicks(name, QStringLiteral("mine"));
        named<QSpinBox>(QStringLiteral("Stories"))->setValue(3000);
        QCOMPARE(name->text(), QStringLiteral("mine"));
    }
    void a_name_that_is_no_file_name_is_refused_data() {
        QTest::addColumn<QString>("name");
        QTest::newRow("slash") << QStringLiteral("a/b");
        QTest::newRow("hidden") << QStringLiteral(".hidden");
        QTest::newRow("long") << QString(65, u'a');
    }
    void a_name_that_is_no_file_name_is_refused() {
        QFETCH(QString, name);
        named<QLineEdit>(QStringLiteral("Corpus name"))->setText(name);
        QVERIFY(!place_->primaryButton()->isEnabled());
        QVERIFY(!place_->generateForm()->problem().isEmpty());
    }
    void proposed_names_read_like_numbers() {
        QCOMPARE(proposedCorpusName(20'000), QStringLiteral("generated-20k"));
        QCOMPARE(proposedCorpusName(1500), QStringLiteral("generated-1500"));
        QCOMPARE(proposedCorpusName(2'000'000), QStringLiteral("generated-2m"));
    }

    void a_job_shows_itself_and_can_be_cancelled() {
        place_->setWorkspace(windowsample::workspace());
        place_->setJob(
            {.running = true, .what = QStringLiteral("Writing generated-20k"), .done = 5000, .total = 20'000});
        auto *cancel = named<QPushButton>(QStringLiteral("Cancel"));
        QVERIFY(cancel->isVisible());
        QVERIFY(!place_->primaryButton()->isEnabled());
        QVERIFY(!named<QPushButton>(QStringLiteral("Train tokenizer"))->isEnabled());
        QVERIFY(place_->primaryButton()->toolTip().contains(QStringLiteral("Another job")));
        QSignalSpy cancelled(place_, &DataPlace::cancelRequested);
        cancel->click();
        QCOMPARE(cancelled.size(), 1);
        place_->setJob({});
        QVERIFY(!cancel->isVisible());
        QVERIFY(place_->primaryButton()->isEnabled());
    }
    void a_tokenizer_is_asked_for_with_corpus_and_vocabulary() {
        place_->setWorkspace(windowsample::workspace());
        QSignalSpy train(place_, &DataPlace::trainTokenizerRequested);
        named<QSpinBox>(QStringLiteral("Vocabulary"))->setValue(2048);
        named<QPushButton>(QStringLiteral("Train tokenizer"))->click();
        QCOMPARE(train.size(), 1);
        QCOMPARE(train.first().at(0).toString(), QStringLiteral("generated-120k"));
        QCOMPARE(train.first().at(1).toInt(), 2048);
    }
    void dropped_texts_are_imported_and_others_are_named() {
        QSignalSpy imported(place_, &DataPlace::importRequested);
        drop({QStringLiteral("/tmp/a.txt"), QStringLiteral("/tmp/b.TXT")});
        QCOMPARE(imported.size(), 1);
        QCOMPARE(imported.first().first().toStringList().size(), 2);
        drop({QStringLiteral("/tmp/a.txt"), QStringLiteral("/tmp/c.pdf")});
        QCOMPARE(imported.size(), 1);
        auto *message = place_->findChild<MessageBar *>();
        QVERIFY(message->isVisible());
        QCOMPARE(message->message().title, QStringLiteral("c.pdf cannot be imported."));
    }
    void a_message_offers_its_action_and_closes_by_escape() {
        QSignalSpy action(place_, &DataPlace::messageAction);
        place_->showMessage({.kind = Message::Kind::Error,
                             .title = QStringLiteral("bedtime.txt could not be read."),
                             .text = QStringLiteral("It holds a NUL byte at 418. Nothing was imported."),
                             .actionText = QStringLiteral("Choose another"),
                             .action = QStringLiteral("import")});
        auto *message = place_->findChild<MessageBar *>();
        QVERIFY(message->isVisible());
        named<QPushButton>(QStringLiteral("Choose another"))->click();
        QCOMPARE(action.first().first().toString(), QStringLiteral("import"));
        QTest::keyClick(message, Qt::Key_Escape);
        QVERIFY(!message->isVisible());
    }
    void the_command_line_quotes_what_needs_it() {
        WorkspaceSummary workspace = windowsample::workspace();
        workspace.folder = QStringLiteral("/home/mia/My stories");
        place_->setWorkspace(workspace);
        named<QLineEdit>(QStringLiteral("Corpus name"))->setText(QStringLiteral("mine"));
        QCOMPARE(place_->commandLine(), QStringLiteral("tinytranscoder-cli corpus generate --stories 20000 --seed 1 "
                                                       "--name mine --workspace '/home/mia/My stories'"));
    }
};

QTEST_MAIN(TestDataPlace)
#include "test_data_place.moc"
