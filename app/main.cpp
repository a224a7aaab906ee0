#include "app/session/session.h"
#include "core/version.h"
#include "ui/theme.h"
#include "ui/window/main_window.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>
#include <QSettings>
#include <QSocketNotifier>

#include <clocale>
#include <csignal>
#include <sys/socket.h>
#include <unistd.h>

namespace {

int terminateSockets[2]; ///< a signal handler may only write to a socket

void onTerminate(int) {
    const char byte = 1;
    [[maybe_unused]] const auto written = ::write(terminateSockets[0], &byte, 1);
}

/// SIGTERM and SIGINT save the runs and close the window, as closing it does.
void closeOnSignals(tt::Session &session) {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, terminateSockets) != 0)
        return;
    auto *notifier = new QSocketNotifier(terminateSockets[1], QSocketNotifier::Read, &session);
    QObject::connect(notifier, &QSocketNotifier::activated, &session, [notifier, &session] {
        notifier->setEnabled(false);
        session.saveAndClose();
    });
    struct sigaction action {};
    action.sa_handler = onTerminate;
    action.sa_flags = SA_RESTART;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
}

/// The workspaces to look for a graph in, and to open one of: the one in whose folder the graph lies, those used last,
/// the demonstration.
QStringList workspaces(const QString &graph) {
    QStringList folders;
    if (QDir around = QFileInfo(graph).absoluteDir();
        !graph.isEmpty() && around.dirName() == QStringLiteral("graphs") && around.cdUp())
        folders << around.path();
    folders << QSettings(QStringLiteral("TinyTranscoder"), QStringLiteral("TinyTranscoder"))
                   .value(QStringLiteral("workspaces/recent"))
                   .toStringList();
    folders.removeIf([](const QString &folder) {
        return !QFileInfo::exists(QDir(folder).filePath(QStringLiteral("workspace.json")));
    });
    return folders << tt::FirstStart::folder();
}

} // namespace

int main(int argc, char **argv) {
    QApplication application(argc, argv);
    std::setlocale(LC_NUMERIC, "C"); // numbers in files and in Graphviz have points
    QApplication::setOrganizationName(QStringLiteral("TinyTranscoder"));
    QApplication::setApplicationName(QStringLiteral("tinytranscoder"));
    QApplication::setApplicationDisplayName(QStringLiteral("TinyTranscoder"));
    QApplication::setApplicationVersion(QString::fromLatin1(tt::programVersion));
    QApplication::setDesktopFileName(QStringLiteral("org.tinytranscoder.TinyTranscoder"));
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Train a small GPT and transcoders on its MLPs, and trace what causes the next word."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addOption({QStringLiteral("workspace"), QStringLiteral("The workspace folder; made if it is not there."),
                      QStringLiteral("DIR")});
    parser.addPositionalArgument(QStringLiteral("GRAPH"),
                                 QStringLiteral("A saved graph to open, of a workspace's folder graphs or a .ttgraph."),
                                 QStringLiteral("[GRAPH]"));
    parser.process(application);

    tt::applyTheme(application);
    tt::MainWindow window;
    tt::Session session(window);
    closeOnSignals(session);
    window.show();
    const QString graph = parser.positionalArguments().value(0);
    if (parser.isSet(QStringLiteral("workspace"))) {
        session.showFirst(graph);
        session.openFirst(parser.value(QStringLiteral("workspace")));
    } else if (!graph.isEmpty()) {
        session.openGraph(graph, workspaces(graph));
    } else {
        session.openFirst(workspaces({}).first());
    }
    return QApplication::exec();
}
