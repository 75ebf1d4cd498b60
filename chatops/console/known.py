"""The English sentences that come from below, for the catalogue: see `sentences`.

A test keeps this list true: it reads the sources that the sentences come from.
"""

from django.utils.translation import gettext_noop as _

#: What became of an action (actions.outcomes, actions.ending).
ENDINGS = (
    _("The chat is yours."),
    _("You declined the chat; it stays with your colleague."),
    _("You picked up the chat."),
    _("The chat is back in the queue."),
    _("The chat is ended."),
    _("The chat is deleted at SuperOffice."),
    _("The chat is started."),
    _("Sent."),
    _("Saved at SuperOffice."),
    _("It is waiting to be sent."),
    _("It is being sent."),
    _("SuperOffice has not confirmed it yet. It is being checked: do not repeat it."),
    _("SuperOffice has not confirmed this yet. It is being checked; do not repeat it."),
    _("Offered to %(who)s. It is yours until they accept."),
    _("Closed by a person, who found that it had happened."),
    _("Closed by a person, who found that it had not happened."),
    _(
        "SuperOffice took %(taken)s, but not %(names)s. Look at the chat and decide whether that "
        "is good enough."
    ),
    _(
        "SuperOffice changed %(names)s, and holds something else there than was asked for. Look "
        "at the chat and decide whether that is good enough."
    ),
    _("SuperOffice answered, but did not take %(names)s."),
    _("%(who)s was faster and has the chat now."),
    _("The chat is no longer waiting, so there was nothing to pick up."),
    _("SuperOffice answered, but the chat is still offered to you. You can try again."),
    _("The chat was no longer offered to you. %(who)s has it now."),
    _("SuperOffice answered, but the chat was not offered to anybody. %(who)s has it."),
    _("SuperOffice answered, but nothing changed."),
    _("Nothing had to be changed: SuperOffice held this already."),
    _("SuperOffice refused: %(why)s"),
    _("SuperOffice no longer accepts your linked account. Link it again, then try once more."),
    _(
        "SuperOffice refused this as if you were not signed in, and yet it accepts your account. "
        "Nothing was changed; try once more."
    ),
    _("SuperOffice does not allow your account to do this."),
    _("This SuperOffice server cannot change single fields of a chat, so it is only shown."),
    _("SuperOffice no longer has this chat."),
    _("Somebody changed the chat at SuperOffice meanwhile. Look at it as it is now."),
    _("The chat has changed at SuperOffice since you saw it."),
    _("SuperOffice asked us to slow down. Nothing was changed; try again shortly."),
    _(
        "SuperOffice never confirmed this, and it is not to be seen there. Look at the chat and "
        "decide."
    ),
    _("Nothing was sent. %(why)s"),
    _("It had waited too long and was not sent."),
    _("It had waited too long."),
    _("Your linked account cannot be used."),
)

#: Why an action did not come about (actions.intent, verbs, policy, needs, patches).
REFUSALS = (
    _(
        "Actions happen in your own name at SuperOffice, and no SuperOffice account is linked to "
        "yours yet. Link it under “My SuperOffice account”."
    ),
    _(
        "SuperOffice no longer accepts your linked account: %(why)s. Link it again under “My "
        "SuperOffice account”."
    ),
    _("it has to be signed in again"),
    _("SuperOffice no longer has session %(id)s."),
    _("SuperOffice does not let chatops read the chat. Tell an operator."),
    _("SuperOffice asked for a pause before the next call. Try again shortly."),
    _("The call budget is used up. Try again shortly."),
    _(
        "SuperOffice did not answer several times in a row, so it is left alone for a moment. "
        "Try again shortly."
    ),
    _("SuperOffice does not answer at the moment. Try again shortly."),
    _("The chat has changed since you saw it. Look at it as it is now, then decide."),
    _(
        "An earlier message to this customer, by %(who)s, is not confirmed yet. To keep the order, "
        "the next one waits until that is known."
    ),
    _("%(who)s is acting on this chat right now (%(what)s). See what comes of it first."),
    _(
        "%(who)s is starting a chat in this channel, and it is not confirmed yet. See what comes "
        "of it first."
    ),
    _("There is no topic %(id)s for you to start a chat in."),
    _(
        "Others are changing this chat right now. Nothing was sent. Look at it as it is now, then "
        "try again."
    ),
    _("Somebody"),
    _("nobody"),
    _("Nobody"),
    _("The chat is not offered to you (any more). It is %(state)s; %(who)s has it."),
    _("over"),
    _("waiting"),
    _("going on"),
    _("A chat cannot be transferred to yourself."),
    _("The chat is already offered to %(who)s."),
    _("There is no colleague %(who)s to transfer to."),
    _("Nobody is waiting."),
    _("The chat is no longer waiting. %(now)s"),
    _("%(who)s has it now."),
    _("It is %(state)s."),
    _("The chat is over."),
    _("Nobody has the chat: there is nothing to reset."),
    _("The chat is not yours: %(who)s has it."),
    _("The message is empty."),
    _("The message is longer than %(n)s characters."),
    _("The message contains a control character."),
    _("The message contains half a character."),
    _("The message shows nothing."),
    _("Set PUBLIC_URL and WEBHOOK_SECRETS first: SuperOffice has to reach us and to sign."),
    _("Ending chats from here is switched off (ALLOW_END_CHAT)."),
    _("Deleting chats from here is switched off (ALLOW_DELETE)."),
    _("%(names)s has changed at SuperOffice since you saw it."),
    _("This action does not need a person (any more)."),
    _("A second attempt is only for what needs a person."),
    _("What it asked for has been erased."),
    _("Your role does not allow closing actions."),
    _("Your role does not allow ordering a second attempt."),
    _("Your role does not allow this on this chat."),
    _("The patch changes nothing."),
    _("There is no session %(id)s."),
    _("There is no action %(id)s."),
)

#: What people keep (notebook) and take out (reports).
NOTEBOOK = (
    _("There is no such note."),
    _("Only its author or who leads the topic removes a note."),
    _("This message is not in this chat."),
    _("At most %(n)s tags on a chat."),
    _("At most %(n)s quick replies."),
    _("At most %(n)s saved views."),
    _("At most %(n)s criteria."),
    _("At most %(n)s characters."),
    _("Leads share views."),
    _("These filters are too long to keep."),
    _("Leads define the scorecard."),
    _("The highest score is 1 to 10."),
    _("This chat has been reviewed already."),
    _("Score at least one criterion."),
    _("There is no such review."),
    _("Your role does not write notes."),
    _("Only who leads this topic reviews its chats."),
    _("Write something."),
)

#: Linking an account, and signing in by it (remote).
LINKING = (
    _("This SuperOffice account is already linked to somebody else here."),
    _("Online, an account is linked by signing in at SuperOffice."),
    _("The user is missing."),
    _("The ticket is missing."),
    _("SuperOffice named two different accounts. Nothing was linked."),
    _("SuperOffice did not accept this sign-in."),
    _("SuperOffice could not be asked: %(why)s"),
    _("SuperOffice knows this sign-in, but it belongs to no user."),
    _("SuperOffice says that it belongs to somebody else now."),
    _("SuperOffice says that this account belongs to somebody else now."),
    _("Signing in at SuperOffice is not set up here."),
    _("SuperOffice gave no lasting permission. Begin the sign-in again."),
    _("This sign-in was not begun here, or was finished already."),
    _("This sign-in does not belong to this browser. Begin it again."),
    _("The sign-in took too long. Begin it again."),
    _("SuperOffice did not sign you in, or you did not agree."),
    _("SuperOffice did not accept this sign-in. Begin it again."),
    _("SuperOffice's sign-in does not answer. Try again shortly."),
    _("SuperOffice's answer cannot be believed: %(why)s"),
    _(
        "Your SuperOffice account is not linked to anybody here. Sign in with your password first, "
        "then link it under “My SuperOffice account”."
    ),
    _("Your user here is switched off."),
    _("SuperOffice asked for a pause before the next call."),
    _("The call budget is used up."),
    _("SuperOffice did not answer several times in a row, so it is left alone for a moment."),
)

#: Why the mirror is stale (sync.health).
STALE = (
    _("The mirror is stale: %(why)s."),
    _("SuperOffice cannot be reached"),
    _("SuperOffice does not answer"),
    _("SuperOffice answers with errors"),
    _("SuperOffice's answers cannot be read"),
    _("SuperOffice does not accept our sign-in any more"),
    _("we cannot sign in at SuperOffice"),
    _("SuperOffice does not allow us to read chats"),
    _("SuperOffice answers that it does not know what it should know"),
    _("SuperOffice has moved to another address"),
    _("SuperOffice's address is not one that may be called"),
    _("SuperOffice asked us to slow down"),
    _("calls to SuperOffice are paused"),
    _("the SuperOffice tenant is still being set up"),
    _("the SuperOffice tenant was deleted"),
    _("the SuperOffice tenant is being deleted"),
    _("the SuperOffice tenant is suspended: its subscription needs attention"),
    _("SuperOffice is closed for maintenance, usually for minutes"),
    _("the SuperOffice tenant could not be set up"),
    _("the SuperOffice tenant is waiting to be moved, which may take days"),
    _("SuperOffice says that the tenant is not available"),
    _("SuperOffice's lists contradict its chats"),
    _("our own database does not keep up"),
    _("no worker is running"),
    _("reading fails for a reason that is in the log"),
)

#: What became of a hint (sync.inbox).
HINTS = (
    _("Covered by the same read."),
    _("SuperOffice does not know the session."),
    _("The answer could not be understood."),
)

#: Choices of models (actions.models, remote.models) and roles.
CHOICES = (
    _("Send message"),
    _("Accept transfer"),
    _("Reject transfer"),
    _("Edit session"),
    _("Pick up"),
    _("Transfer"),
    _("Reset to queue"),
    _("End chat"),
    _("Delete session"),
    _("Start session"),
    _("Queued"),
    _("Sending"),
    _("Done"),
    _("No effect"),
    _("Refused"),
    _("Not confirmed"),
    _("Needs you"),
    _("Never sent"),
    _("Cancelled"),
    _("Closed by a person"),
    _("User and password"),
    _("Ticket"),
    _("SuperOffice sign-in"),
    _("System user"),
    _("agent"),
    _("lead"),
    _("auditor"),
    _("operator"),
)

#: The columns of the model pages.
COLUMNS = (
    _("active"),
    _("actor"),
    _("after"),
    _("associate id"),
    _("at"),
    _("before"),
    _("bot enabled"),
    _("by"),
    _("caller"),
    _("can listen"),
    _("can manage"),
    _("can notify"),
    _("can respond"),
    _("deleted"),
    _("description"),
    _("failures"),
    _("first name"),
    _("full name"),
    _("is open"),
    _("label"),
    _("last delivery"),
    _("last name"),
    _("last sign-in"),
    _("last used"),
    _("linked"),
    _("login"),
    _("allowed to"),
    _("name"),
    _("notice"),
    _("object"),
    _("ongoing chats"),
    _("owner"),
    _("people"),
    _("prefix"),
    _("present"),
    _("read"),
    _("roles"),
    _("session id"),
    _("state"),
    _("subscription"),
    _("topic id"),
    _("type"),
    _("until"),
    _("url"),
    _("user"),
    _("username"),
    _("what"),
)

#: Many chats at once (bulk).
BULK = (
    _("An id is a whole number; empty means none."),
    _("Choose the field that is to be changed."),
    _("It had waited too long and was not begun."),
    _("No chat is chosen."),
    _("Several of your runs are under way. Let one of them end first."),
    _("Something went wrong here several times. Look at the chat."),
    _("The chat is in the review queue already."),
    _("There is no such tag."),
    _("This is possible for none of these chats."),
    _("This preview is too old. Choose the chats once more."),
    _("Your account is no longer active."),
    _("Your role does not allow this."),
)

#: Why a token opens less than its scopes say (actions.tokens).
CAVEATS = (
    _("Its owner has no role: it sees no chat."),
    _("Its owner has no linked SuperOffice account: until there is one, it sees no chat."),
    _("Its owner's role shows neither texts nor addresses: nor does it."),
)

#: Why a program is no longer told of changes (subscriptions).
SUBSCRIPTIONS = (
    _("Its owner holds no token any more that may follow the feed."),
    _("Its secret cannot be read: the key is not in FIELD_KEYS any more."),
    _("Nothing could be delivered since %(since)s UTC: %(why)s"),
    _("An operator switched it off."),
    _("A number of the feed is required."),
    _("Changes are kept from %(first)s on, and %(last)s is the last one."),
)

#: The fields of the model pages, and what their rows are called.
LABELS = (
    _("action"),
    _("agents"),
    _("API token"),
    _("associate"),
    _("associates"),
    _("chat topic"),
    _("chat topics"),
    _("created at"),
    _("delivered at"),
    _("detail"),
    _("ej user id"),
    _("expires at"),
    _("failing since"),
    _("kinds"),
    _("last error"),
    _("last used at"),
    _("linked at"),
    _("next at"),
    _("number"),
    _("opening hours enabled"),
    _("read at"),
    _("request id"),
    _("subscriptions"),
    _("topic member"),
    _("topic members"),
    _("topics"),
    _("trail entry"),
    _("user name"),
    _("warn chat message minutes"),
    _("warn manager chat message minutes"),
    _("warn manager new chat minutes"),
    _("warn new chat minutes"),
)

#: Why personal data is shown (actions.unmasking).
UNMASKING = (
    _("To call or write back"),
    _("To make sure who the customer is"),
    _("To handle a complaint"),
    _("The customer asked what is stored"),
    _("Another reason"),
    _("Choose a reason."),
    _("Write down the reason."),
)

KNOWN = (
    *ENDINGS,
    *REFUSALS,
    *NOTEBOOK,
    *LINKING,
    *STALE,
    *HINTS,
    *CHOICES,
    *COLUMNS,
    *BULK,
    *CAVEATS,
    *SUBSCRIPTIONS,
    *LABELS,
    *UNMASKING,
)
