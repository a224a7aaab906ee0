#pragma once

#include "ui/values.h"

#include <QFrame>

class QLabel;
class QPushButton;
class QToolButton;

namespace tt {

/// A notice, warning or error that stays until it is closed or solved: icon, title, text, at most one action.
class MessageBar : public QFrame {
    Q_OBJECT
public:
    explicit MessageBar(QWidget *parent = nullptr); ///< hidden until there is something to say

    void setMessage(const Message &message);
    void clear();
    [[nodiscard]] const Message &message() const { return message_; }

Q_SIGNALS:
    void actionRequested(const QString &action);
    void closed();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void updateLook();

    Message message_;
    QLabel *icon_, *title_, *text_;
    QPushButton *action_;
    QToolButton *close_;
};

} // namespace tt
