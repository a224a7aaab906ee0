#pragma once

#include <QString>

#include <cstdio>
#include <cstdlib>

/// Put one into a test class or main(): every Qt warning then fails the test at the place where it is given.
class FailOnWarning {
public:
    FailOnWarning() { previous_ = qInstallMessageHandler(handle); }
    ~FailOnWarning() { qInstallMessageHandler(previous_); }
    FailOnWarning(const FailOnWarning &) = delete;
    FailOnWarning &operator=(const FailOnWarning &) = delete;

private:
    static void handle(QtMsgType type, const QMessageLogContext &context, const QString &text) {
        // The offscreen platform says this of itself at every move of a window.
        if (text.contains(QLatin1String("This plugin does not support")))
            return;
        if (previous_)
            previous_(type, context, text);
        if (type == QtWarningMsg || type == QtCriticalMsg) {
            std::fprintf(stderr, "A Qt warning fails the test: %s\n", qPrintable(text));
            std::fflush(nullptr);
            std::_Exit(1); // exit() would wait for threads that wait for this one
        }
    }
    static inline QtMessageHandler previous_ = nullptr;
};
