// Compiles the observer with the Groovy that Nextflow brings, so that it fits this version of Nextflow.
workflow {
    def target = new File(params.target)
    def configuration = new org.codehaus.groovy.control.CompilerConfiguration()
    configuration.setTargetDirectory(target)
    def unit = new org.codehaus.groovy.control.CompilationUnit(configuration)
    unit.addSource(new File(params.source))
    unit.compile()
    def services = new File(target, 'META-INF')
    services.mkdirs()
    // Last: an observer without it is not complete.
    new File(services, 'extensions.idx').text = 'ga4gh.wes.TaskEventsFactory\n'
}
