package ga4gh.wes

import groovy.json.JsonOutput
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardOpenOption
import nextflow.Session
import nextflow.processor.TaskHandler
import nextflow.trace.TraceObserver
import nextflow.trace.TraceObserverFactory
import nextflow.trace.TraceRecord

/** Found by Nextflow through META-INF/extensions.idx, where the class path has it. */
class TaskEventsFactory implements TraceObserverFactory {
    @Override
    Collection<TraceObserver> create(Session session) {
        final path = System.getenv('WES_EVENTS')
        return path ? [new TaskEvents(Path.of(path))] : []
    }
}

/**
 * Appends what Nextflow tells of its tasks to the events of the run: one line with one write, so that
 * threads never mix lines. Members of Nextflow are looked up when they are needed, not when this is
 * compiled: some of them differ between versions.
 */
class TaskEvents implements TraceObserver {
    private static final long BYTES_PER_MEBIBYTE = 1024 * 1024
    private static final int LARGEST_EXIT_CODE = 255

    private final Path path
    private final Set<Object> started = Collections.synchronizedSet(new HashSet<>())
    /** Failed tasks whose command succeeded: what was wrong is told right after their end. */
    private final Map<Object, Map<String, Object>> unexplained = Collections.synchronizedMap([:])
    private Session session

    TaskEvents(Path path) {
        this.path = path
    }

    @Override
    void onFlowCreate(Session session) {
        this.session = session
        write([event: 'observer_started', at: System.currentTimeMillis()])
    }

    @Override
    void onProcessStart(TaskHandler handler, TraceRecord trace) {
        tellStart(handler, trace)
    }

    @Override
    void onProcessComplete(TaskHandler handler, TraceRecord trace) {
        tellStart(handler, trace)
        final end = endOf(trace)
        if (end.status == 'permanentFail' && !end.exit_code) unexplained[trace.get('task_id')] = end
        else write(end)
    }

    @Override
    void onProcessCached(TaskHandler handler, TraceRecord trace) {
        if (started.add(trace.get('task_id')))
            write([event: 'task_cached', at: System.currentTimeMillis(), task: idOf(trace), name: trace.get('name')])
    }

    @Override
    void onFlowError(TaskHandler handler, TraceRecord trace) {
        tellUnexplained()
    }

    @Override
    void onFlowComplete() {
        tellUnexplained()
    }

    private void tellStart(TaskHandler handler, TraceRecord trace) {
        if (!started.add(trace.get('task_id'))) return
        final directory = trace.get('workdir')
        final memory = trace.get('memory')
        write([
            event: 'task_started',
            at: trace.get('start') ?: trace.get('submit') ?: System.currentTimeMillis(),
            task: idOf(trace),
            name: trace.get('name'),
            command: commandOf(handler, trace),
            stdout: directory ? "$directory/.command.out".toString() : null,
            stderr: directory ? "$directory/.command.err".toString() : null,
            image: isInContainer(handler) ? trace.get('container') : null,
            cores: trace.get('cpus'),
            ram_mib: memory ? Math.round((memory as double) / BYTES_PER_MEBIBYTE) : null,
            notes: notesOf(handler, trace)
        ])
    }

    private static List<String> commandOf(TaskHandler handler, TraceRecord trace) {
        final script = (trace.get('script') as String ?: '').stripIndent().trim()
        if (!script || script.startsWith('#!')) return script ? [script] : []
        final shell = quietly { handler.task.config.getShell() } ?: ['/bin/bash', '-ue']
        return shell.collect { it.toString() } + ['-c', script]
    }

    private static List<String> notesOf(TaskHandler handler, TraceRecord trace) {
        final List<String> notes = []
        final attempt = trace.get('attempt') as Integer ?: 1
        if (attempt > 1) notes << "attempt $attempt".toString()
        final image = trace.get('container')
        if (image && !isInContainer(handler)) notes << "container $image: not used, on the host".toString()
        return notes
    }

    private static boolean isInContainer(TaskHandler handler) {
        return quietly { handler.task.isContainerEnabled() } ?: false
    }

    private static Map<String, Object> endOf(TraceRecord trace) {
        final exit = trace.get('exit') as Integer
        final complete = trace.get('complete') as Long ?: System.currentTimeMillis()
        return [
            event: 'task_ended',
            at: Math.max(complete, trace.get('start') as Long ?: 0L),
            task: idOf(trace),
            exit_code: exit != null && exit <= LARGEST_EXIT_CODE ? exit : null,
            status: statusOf(trace)
        ]
    }

    private static String statusOf(TraceRecord trace) {
        switch (trace.get('status') as String) {
            case 'COMPLETED': return 'success'
            case 'ABORTED': return 'stopped'
        }
        switch (trace.get('error_action') as String) {
            case 'RETRY': return 'retried'
            case 'IGNORE': return 'ignored'
        }
        return 'permanentFail'
    }

    private void tellUnexplained() {
        final error = quietly { session.fault?.error ?: session.error }
        synchronized (unexplained) {
            unexplained.each { id, end -> write(end + [error: error?.message]) }
            unexplained.clear()
        }
    }

    private static String idOf(TraceRecord trace) {
        return trace.get('task_id') as String
    }

    private void write(Map<String, Object> event) {
        final line = JsonOutput.toJson(event) + '\n'
        Files.write(path, line.getBytes('UTF-8'), StandardOpenOption.CREATE, StandardOpenOption.APPEND)
    }

    /** Some things only some versions know. */
    private static <T> T quietly(Closure<T> question) {
        try {
            return question.call()
        }
        catch (Exception ignored) {
            return null
        }
    }
}
