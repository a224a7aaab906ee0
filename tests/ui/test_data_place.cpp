#include "ui/fail_on_warning.h"
#include "ui/sample_workspace.h"

#include "ui/data/corpora_model.h"
#include "ui/data/data_place.h"
#include "ui/data/download_rows.h"
#include "ui/data/drop_zone.h"
#include "ui/data/generate_form.h"
#include "ui/data/preview_pane.h"
#include "ui/theme.h"
#include "ui/widgets/message_bar.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QComboBox>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
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
        for (const char *name : {"Generate stories", "Import…", "Download TinyStories", "Train tokenizer"})
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
        auto *tokenizer = named<QComboBox>(QStringLiteral("Tokenizer"));
        QCOMPARE(tokenizer->itemText(1), QStringLiteral("gpt2, GPT-2’s, 50,257 tokens"));
        const QAbstractItemModelTester corporaTester(corpora->model());
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
        QVERIFY(!cancel->isVisible()); // a quick job would only flicker
        QTRY_VERIFY(cancel->isVisible());
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
        drop({QStringLiteral("/tmp/a.txt"), QStringLiteral("/tmp/b.TXT"), QStringLiteral("/tmp/c.jsonl")});
        QCOMPARE(imported.size(), 1);
        QCOMPARE(imported.first().first().toStringList().size(), 3);
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
    void a_corpus_is_always_chosen_and_a_new_one_at_once() {
        WorkspaceSummary workspace = windowsample::workspace();
        QSignalSpy asked(place_->preview(), &PreviewPane::previewRequested);
        QSignalSpy counted(place_->preview(), &PreviewPane::countsRequested);
        place_->setWorkspace(workspace);
        QCOMPARE(asked.size(), 1);
        QCOMPARE(asked.last().at(0).toString(), QStringLiteral("generated-120k"));
        QCOMPARE(asked.last().at(1).toString(), QStringLiteral("own-4096"));
        QCOMPARE(counted.size(), 1);
        auto *corpora = named<QTableView>(QStringLiteral("Corpora"));
        corpora->setCurrentIndex(corpora->model()->index(2, 0));
        QCOMPARE(asked.last().at(0).toString(), QStringLiteral("bedtime"));
        place_->setWorkspace(workspace); // read again after some job: nothing is asked anew
        QCOMPARE(asked.size(), 2);
        QCOMPARE(corpora->currentIndex().row(), 2);
        workspace.corpora.insert(workspace.corpora.begin(), {.name = "new", .source = "new.txt", .stories = 5});
        place_->setWorkspace(workspace);
        QCOMPARE(asked.last().at(0).toString(), QStringLiteral("new"));
        named<QComboBox>(QStringLiteral("Tokenizer"))->setCurrentIndex(1);
        QCOMPARE(asked.last().at(1).toString(), QStringLiteral("gpt2"));
    }
    void a_corpus_has_a_menu_and_goes_by_the_delete_key() {
        place_->setWorkspace(windowsample::workspace());
        QSignalSpy gone(place_, &DataPlace::deleteCorpusRequested);
        QSignalSpy train(place_, &DataPlace::trainTokenizerRequested);
        auto *corpora = named<QTableView>(QStringLiteral("Corpora"));
        corpora->setCurrentIndex(corpora->model()->index(1, 0));
        corpora->setFocus();
        QTest::keyClick(corpora, Qt::Key_Delete);
        QCOMPARE(gone.first().first().toString(), QStringLiteral("tinystories-valid"));
        Q_EMIT corpora->customContextMenuRequested(QPoint(5, 5));
        QMenu *menu = nullptr;
        for (QMenu *each : place_->findChildren<QMenu *>())
            menu = each->isVisible() ? each : menu;
        QVERIFY(menu);
        QStringList items;
        for (const QAction *action : menu->actions())
            if (!action->isSeparator())
                items << action->text();
        QCOMPARE(items, (QStringList{"Preview", "Train tokenizer", "Show folder", "Delete"}));
        menu->actions().at(1)->trigger();
        QCOMPARE(train.first().first().toString(), QStringLiteral("tinystories-valid"));
        menu->close();
    }
    void a_download_is_chosen_from_a_menu_and_not_twice() {
        place_->setWorkspace(windowsample::workspace());
        QSignalSpy download(place_, &DataPlace::downloadRequested);
        auto *button = named<QPushButton>(QStringLiteral("Download TinyStories"));
        button->click();
        auto *menu = button->findChild<QMenu *>();
        QVERIFY(menu->isVisible());
        QVERIFY(menu->actions().at(0)->text().contains(QStringLiteral("2.2 GB")));
        QVERIFY(!menu->actions().at(1)->isEnabled()); // tinystories-valid is in the workspace
        menu->actions().at(0)->trigger();
        QCOMPARE(download.first().first().toString(), QStringLiteral("tinystories"));
        menu->close();
        place_->setDownloads({{.name = QStringLiteral("tinystories"), .total = 1e9}});
        button->click();
        QVERIFY(!menu->actions().at(0)->isEnabled());
        menu->close();
    }
    void a_download_says_how_far_it_is_and_can_be_paused_and_cancelled() {
        QSignalSpy pause(place_, &DataPlace::pauseDownloadRequested), resume(place_, &DataPlace::downloadRequested),
            cancel(place_, &DataPlace::cancelDownloadRequested);
        DownloadRow row{.name = QStringLiteral("tinystories"),
                        .what = QStringLiteral("Downloading tinystories"),
                        .done = 812e6,
                        .total = 2'227'753'162,
                        .bytesPerSecond = 6.4e6,
                        .secondsLeft = 222};
        place_->setDownloads({row});
        const auto texts = [this] {
            QStringList all;
            for (const QLabel *label : place_->findChild<DownloadRows *>()->findChildren<QLabel *>())
                all << label->text();
            return all.join(u'|');
        };
        QVERIFY2(texts().contains(QStringLiteral("812 MB of 2.23 GB")), qPrintable(texts()));
        QVERIFY2(texts().contains(QStringLiteral("6.40 MB/s, 3 min 42 s left")), qPrintable(texts()));
        named<QPushButton>(QStringLiteral("Pause tinystories"))->click();
        QCOMPARE(pause.first().first().toString(), row.name);
        row.state = DownloadRow::State::Paused;
        place_->setDownloads({row});
        QVERIFY(texts().contains(QStringLiteral("paused")));
        named<QPushButton>(QStringLiteral("Resume tinystories"))->click();
        QCOMPARE(resume.first().first().toString(), row.name);
        row.state = DownloadRow::State::Failed;
        row.problem = QStringLiteral("The server cannot be reached.");
        place_->setDownloads({row});
        QVERIFY(texts().contains(row.problem));
        named<QPushButton>(QStringLiteral("Cancel tinystories"))->click();
        QCOMPARE(cancel.first().first().toString(), row.name);
        place_->setDownloads({});
        QVERIFY(!place_->findChild<DownloadRows *>()->isVisible());
    }
    void gpt2_is_downloaded_or_taken_from_a_folder() {
        place_->setWorkspace(windowsample::workspace());
        QSignalSpy gpt2(place_, &DataPlace::gpt2TokenizerRequested);
        auto *button = named<QPushButton>(QStringLiteral("Use GPT-2’s…"));
        button->click();
        auto *menu = button->findChild<QMenu *>();
        QCOMPARE(menu->actions().size(), 2);
        menu->actions().at(0)->trigger();
        QCOMPARE(gpt2.first().first().toString(), QString());
        menu->close();
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
